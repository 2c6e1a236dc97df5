import express from 'express';

const inner = express.Router().get('/orders', (_req, res) => res.end());

export const app = express();
app.use('/api', function hiddenRoutes(req, res, next) {
  inner(req, res, next);
});

export const none = express();
