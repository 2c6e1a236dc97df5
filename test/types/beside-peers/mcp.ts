import { requireBearerAuth } from '@modelcontextprotocol/express';
import express from 'express';

const app = express();
app.use('/mcp', requireBearerAuth({ verifier: { verifyAccessToken: () => Promise.reject(new Error('no')) } }));
