import type { RequestHandler } from 'express';
import { expect, it } from 'vitest';
import { addJsonErrors, createJsonApp } from '../../examples/company/json-api.js';
import { createApi } from '../../examples/quickstart/api.js';
import { covers } from '../support/covers.js';
import { dispatch } from '../support/random-app.js';

const ran: string[] = [];
const forgotten: RequestHandler = (req, res) => {
  ran.push(req.path);
  res.end();
};

it('CWE-862: a route that is added to the quickstart without a guard is closed', async () => {
  covers('E15');
  const { app } = createApi({ issuer: 'https://login.example.com', clock: Date.now, onRefusal: () => {} });
  app.get('/forgotten', forgotten);
  expect((await dispatch(app, 'GET', '/forgotten')).statusCode).toBe(500);
  expect((await dispatch(app, 'GET', '/orders')).statusCode).toBe(401);
  expect(ran).toEqual([]);
});

it('CWE-862: a route that is added to an API of the company without a guard is closed, and logged', async () => {
  covers('E15');
  const log: string[] = [];
  const app = createJsonApp('https://dashboard.example.com');
  app.get('/forgotten', forgotten);
  addJsonErrors(app, (line) => log.push(line));
  expect((await dispatch(app, 'GET', '/forgotten')).statusCode).toBe(500);
  expect(log).toEqual([expect.stringContaining('UnguardedRouteError')]);
  expect(ran).toEqual([]);
});
