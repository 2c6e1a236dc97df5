import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';

const app = express();
app.use('/partners', auth({ issuerBaseURL: 'https://partners.example.com', audience: 'https://orders.example.com' }));
