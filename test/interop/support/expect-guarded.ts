import { expect } from 'vitest';
import type { RefusalReason } from '../../../src/index.js';
import type { ProtectedApi, Seen } from './protected-api.js';

/** Demands that a token with the scope `read` alone gets through to the handler of `/read`, and not to that of `/write`. */
export async function expectReader(api: ProtectedApi, token: string, seen: Partial<Seen>): Promise<void> {
  const read = await api.get('/read', token);
  expect({ status: read.status, reason: read.reason }).toEqual({ status: 200, reason: undefined });
  expect(read.seen).toMatchObject(seen);
  expect(await api.get('/write', token)).toEqual({ status: 403, reason: 'scope_insufficient', seen: undefined });
}

/** Demands that a token is refused with 401 and this reason, and that no handler saw it. */
export async function expectInvalid(api: ProtectedApi, token: string, reason: RefusalReason): Promise<void> {
  expect(await api.get('/read', token)).toEqual({ status: 401, reason, seen: undefined });
}

/** Demands that nobody can tell whether the token is good: 503, which does not blame it. */
export async function expectUnavailable(api: ProtectedApi, token: string, reason: RefusalReason): Promise<void> {
  expect(await api.get('/read', token)).toEqual({ status: 503, reason, seen: undefined });
}
