import type { Express } from 'express';
import { createVerifier } from 'scopegate';
import { createTestIssuer, type TestIssuer } from 'scopegate/testing';
import request from 'supertest';
import { beforeEach, expect, test } from 'vitest';
import { createApp } from '../app.js';

let issuer: TestIssuer;
let app: Express;

beforeEach(async () => {
  issuer = await createTestIssuer();
  app = createApp(createVerifier({ ...issuer.verifierOptions }));
});

test('lists orders to whoever may read them', async () => {
  const token = await issuer.token({ scope: 'orders:read' });
  const response = await request(app).get('/orders').auth(token, { type: 'bearer' });
  expect(response.status).toBe(200);
  expect(response.body).toEqual({ orders: ['tea'] });
});

test('lists no orders to whoever may only write them', async () => {
  const token = await issuer.token({ scope: 'orders:write' });
  const response = await request(app).get('/orders').auth(token, { type: 'bearer' });
  expect(response.status).toBe(403);
  expect(response.headers['www-authenticate']).toContain('scope="orders:read"');
});

test.each(['orders:write', 'admin'])('lets %s delete orders', async (scope) => {
  const token = await issuer.token({ scope, subject: 'alice' });
  const response = await request(app).delete('/orders').auth(token, { type: 'bearer' });
  expect(response.body).toEqual({ deletedBy: 'alice' });
});

test('asks for a token', async () => {
  const response = await request(app).get('/orders');
  expect(response.status).toBe(401);
  expect(response.headers['www-authenticate']).toBe('Bearer realm="https://api.test"');
});

test('refuses a token once it has expired, without waiting for it', async () => {
  const token = await issuer.token({ scope: 'orders:read', expiresInSeconds: 60 });
  await request(app).get('/orders').auth(token, { type: 'bearer' }).expect(200);
  issuer.advance(120);
  await request(app).get('/orders').auth(token, { type: 'bearer' }).expect(401);
});

test('says 503, and not 401, while the authorization server is down', async () => {
  const token = await issuer.token({ scope: 'orders:read' });
  await issuer.outage('refuse');
  const response = await request(app).get('/orders').auth(token, { type: 'bearer' });
  expect(response.status).toBe(503);
  expect(response.headers['retry-after']).toBeDefined();
});
