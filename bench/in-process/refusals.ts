import type { ServerResponse } from 'node:http';
import { createGuard, type Verifier } from '../../dist/index.js';
import { type PartResult, ratio } from '../lib/report.js';
import { createRequest, createSink, type GuardedRequest } from '../lib/request.js';
import { type Candidate, timeInterleaved } from '../lib/stopwatch.js';
import { createSigner, createSigningKey, type SigningKey } from '../lib/tokens.js';
import { checkTarget } from '../targets.js';
import { createReadyVerifier } from './systems.js';

const ACCEPTED = 'accepted: a new token';
const MALFORMED = ['malformed: garbage', 'malformed: not base64url', 'malformed: not JSON', 'opaque', 'encrypted'];

/** Makes the number-th request of a kind. Each is told from every other, so that nothing can be remembered. */
type Make = (number: number) => string | undefined;

interface Kind {
  readonly name: string;
  readonly status: 200 | 400 | 401 | 403;
  readonly make: Make;
}

/** What refusals cost, beside the acceptance of a new token (EdDSA): whole guard, its answer included. */
export async function measureRefusals(isQuick: boolean): Promise<PartResult> {
  const key = createSigningKey('EdDSA');
  const verifier = await createReadyVerifier(key);
  const candidates = kindsOf(key).map((kind) => kindCandidate(verifier, kind));
  const samples = await timeInterleaved(candidates, {
    rounds: isQuick ? 5 : 41,
    warmUpRounds: isQuick ? 3 : 10,
    size: isQuick ? 200 : 500,
  });
  const accepted = samples.median(ACCEPTED);
  const names = candidates.map(({ name }) => name);
  const table = {
    name: 'in-process-refusals',
    title: 'In process: refusals, with the answer that the guard writes, EdDSA',
    columns: ['request', 'us', 'of an acceptance'],
    rows: names.map((name) => [name, samples.median(name), ratio(samples.median(name), accepted)]),
  };
  const malformed = Math.max(...MALFORMED.map((name) => samples.median(name)));
  const refused = names.filter((name) => name !== ACCEPTED);
  const dearest = refused.reduce((a, b) => (samples.median(a) > samples.median(b) ? a : b));
  const targets = [
    checkTarget('malformed', 'the dearest malformed token, us', malformed),
    checkTarget('refusal', `the dearest refusal (${dearest}), of an acceptance`, samples.median(dearest) / accepted),
  ];
  return { tables: [table], targets, spreads: samples.spreads('us', 'refusals: ') };
}

function kindsOf(key: SigningKey): readonly Kind[] {
  const sign = createSigner(key);
  const stranger = createSigner(createSigningKey('EdDSA', key.kid));
  const unknown = createSigner({ ...key, kid: 'unknown' });
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const end = (number: number) => sign(number).split('.').slice(1).join('.');
  const withHeader = (number: number, header: object) => `${encode(JSON.stringify(header))}.${end(number)}`;
  const digits = (number: number) => String(number).padStart(16, '0');
  const kinds: readonly (readonly [name: string, status: Kind['status'], make: (number: number) => string])[] = [
    [ACCEPTED, 200, sign],
    ['malformed: garbage', 401, (n) => `${digits(n).repeat(8)}.${digits(n).repeat(30)}.${digits(n).repeat(20)}`],
    ['malformed: not base64url', 401, (n) => `${sign(n)}=`],
    ['malformed: not JSON', 401, (n) => `${encode(`{"alg":"EdDSA",${n}}`)}.${end(n)}`],
    ['opaque', 401, (n) => digits(n).repeat(4)],
    ['encrypted', 401, (n) => `${sign(n)}.${digits(n)}.${digits(n)}`],
    ['too large', 401, (n) => `${sign(n, { pad: 'x'.repeat(9000) })}`],
    ['alg none', 401, (n) => withHeader(n, { alg: 'none' })],
    ['crit', 401, (n) => withHeader(n, { alg: 'EdDSA', crit: ['exp'] })],
    ['foreign type', 401, (n) => withHeader(n, { alg: 'EdDSA', typ: 'logout+jwt' })],
    ['foreign issuer', 401, (n) => sign(n, { iss: `https://${n}.test` })],
    ['unknown kid', 401, (n) => unknown(n)],
    ['signature of a stranger', 401, (n) => stranger(n)],
    ['expired', 401, (n) => sign(n, { exp: 1_700_000_001 })],
    ['foreign audience', 401, (n) => sign(n, { aud: 'https://other.test' })],
    ['malformed claim', 401, (n) => sign(n, { sub: 17 })],
    ['lacks the scope', 403, (n) => sign(n, { scope: 'openid' })],
  ];
  const bearer = kinds.map(([name, status, make]) => ({ name, status, make: (n: number) => `Bearer ${make(n)}` }));
  return [
    ...bearer,
    { name: 'no credentials', status: 401, make: () => undefined },
    { name: 'two words after Bearer', status: 400, make: (n) => `Bearer ${sign(n)} b` },
  ];
}

interface Call {
  readonly req: GuardedRequest;
  readonly res: ServerResponse;
  readonly done: Promise<void>;
  readonly next: () => void;
}

function kindCandidate(verifier: Verifier, { name, status, make }: Kind): Candidate<readonly Call[]> {
  const middleware = createGuard(verifier)('orders:read');
  let number = 0;
  return {
    name,
    prepare: (size) =>
      Array.from({ length: size }, () => {
        number += 1;
        return createCall(make(number));
      }),
    async run(batch) {
      for (const { req, res, next, done } of batch) {
        middleware(req, res, next);
        await done;
      }
      const { req, res } = batch[0] as Call;
      const answered = req.auth === undefined ? res.statusCode : 200;
      if (answered !== status) throw new Error(`${name}: answered with ${answered}, not ${status}`);
    },
  };
}

/** With a promise that settles when the guard has answered or let the request through. */
function createCall(authorization: string | undefined): Call {
  const { promise, resolve } = withResolvers();
  const res = createSink();
  Object.assign(res, { end: resolve });
  return { req: createRequest(authorization), res, done: promise, next: resolve };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
