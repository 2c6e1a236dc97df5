/* What a fragment of code in the docs can use without declaring it: see markdown-code.ts. */
import express from 'express';
import { createGuard, createVerifier } from 'scopegate';
import { createTestIssuer } from 'scopegate/testing';
import { z } from 'zod';

export type { Request, Response } from 'express';
export * from 'scopegate';
export * from 'scopegate/testing';
export { express, z };

export const claims = z.object({ tenant: z.string() });
export const verifier = createVerifier({
  issuer: 'https://login.example.com',
  audience: 'https://orders.example.com',
  claims,
});
export const guard = createGuard(verifier);
export const app = express();
export const issuer = await createTestIssuer();
export const token = await issuer.token();
export const clientSecret = 'a secret of this server';
export const readSecrets = async () => ['a secret of 32 bytes, or of more of them'];
