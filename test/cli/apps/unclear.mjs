import express from 'express';
import { createGuard, createVerifier } from '../../../src/index.js';

const guard = createGuard(
  createVerifier({ issuer: 'https://login.example.com', audience: 'https://orders.example.com' }),
);

export const app = express();
app.get('/orders', express.json(), guard('orders:read'), (_req, res) => res.end());
