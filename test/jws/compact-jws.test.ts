import { randomBytes } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import { type CompactJws, parseCompactJws } from '../../src/jws/compact-jws.js';
import { covers } from '../support/covers.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { toSegment } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';
import { refused } from '../support/refused.js';

const MAX_BYTES = 8192;
const issuer = new RawIssuer();

/** Lets no segment end on a whole group of four characters, so that each has unused bits. */
const unaligned = (text: string) => (Buffer.byteLength(text) % 3 === 0 ? `${text} ` : text);
const control = issuer.token({ rewriteHeader: unaligned, rewritePayload: unaligned });
const [header, payload, signature] = control.split('.') as [string, string, string];

type Part = 'header' | 'payload' | 'signature';
const PARTS: readonly Part[] = ['header', 'payload', 'signature'];

function withPart(part: Part, change: (segment: string) => string): string {
  const segments = { header, payload, signature };
  segments[part] = change(segments[part]);
  return `${segments.header}.${segments.payload}.${segments.signature}`;
}

function expectRefusal(token: string, reason: string, detail: string): void {
  expect(reasonOf(refused(parseCompactJws(control, MAX_BYTES)))).toBe('accepted');
  expect(refused(parseCompactJws(token, MAX_BYTES))).toMatchObject({ reason, detail });
}

describe('parseCompactJws', () => {
  it('RFC 7515 §5.2: gives header, payload, signature and the bytes that were signed', () => {
    const jws = refused(parseCompactJws(control, MAX_BYTES)) as CompactJws;
    expect(jws.header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1' });
    expect(jws.payload['sub']).toBe('test-user');
    expect(jws.signature).toEqual(Buffer.from(signature, 'base64url'));
    expect(jws.signingInput.toString()).toBe(`${header}.${payload}`);
  });

  it('freezes header and payload at every level', () => {
    const nested = issuer.token({
      header: { x: '{"y":[{}]}' },
      payload: { realm_access: '{"roles":["admin",{"a":1}]}' },
    });
    const jws = refused(parseCompactJws(nested, MAX_BYTES)) as CompactJws;
    const access = jws.payload['realm_access'] as { roles: object[] };
    const x = jws.header['x'] as { y: object[] };
    const values = [jws.header, x, x.y, x.y[0], jws.payload, access, access.roles, access.roles[1]];
    expect(values.map(Object.isFrozen)).toEqual(values.map(() => true));
  });
});

describe('parseCompactJws, segments', () => {
  it('refuses a token that is one character longer than allowed', () => {
    covers('F11');
    expect(reasonOf(refused(parseCompactJws(control, control.length)))).toBe('accepted');
    expect(reasonOf(refused(parseCompactJws(control, control.length - 1)))).toBe('token_too_large');
  });

  it.each([
    ['no dot', payload, 'token_opaque', 'there is no dot in it'],
    ['an empty string', '', 'token_opaque', 'there is no dot in it'],
    ['one dot', `${header}.${payload}`, 'token_malformed', 'two segments instead of three'],
    ['three dots', `${control}.`, 'token_malformed', 'four segments instead of three'],
    ['five dots', `${control}...`, 'token_malformed', 'more than five segments instead of three'],
    ['two dots alone', '..', 'token_malformed', 'the header is not canonical base64url'],
    ['an empty header', `.${payload}.${signature}`, 'token_malformed', 'the header is not canonical base64url'],
    ['an empty payload', `${header}..${signature}`, 'token_malformed', 'the payload is not canonical base64url'],
  ])('refuses a token with %s', (_, token, reason, detail) => {
    covers('B15');
    expectRefusal(token, reason, detail);
  });

  it('CVE-2025-30204: refuses a million dots by their number, without splitting at them', () => {
    covers('B15');
    expectRefusal('.'.repeat(1_000_000), 'token_too_large', '1000000 characters, 8192 allowed');
  });

  it('refuses an empty signature', () => {
    covers('B1');
    expectRefusal(`${header}.${payload}.`, 'token_malformed', 'the signature is not canonical base64url');
  });

  it.each([
    ['dir', new Uint8Array(randomBytes(32)), {}],
    ['PBES2-HS256+A128KW', new Uint8Array(randomBytes(16)), { p2c: 2048 }],
  ])('refuses a JWE (%s) by its five segments', async (alg, key, parameters) => {
    covers('B17', 'bis-3');
    const jwe = new CompactEncrypt(new TextEncoder().encode('{}'))
      .setProtectedHeader({ alg, enc: 'A256GCM' })
      .setKeyManagementParameters(parameters);
    expectRefusal(await jwe.encrypt(key), 'token_encrypted', 'five segments');
  });

  it('refuses a JWE with an empty encrypted key as one', () => {
    covers('B17');
    expectRefusal(`${header}..${payload}.${payload}.${signature}`, 'token_encrypted', 'five segments');
  });

  it.each([
    ['flattened', { protected: header, payload, signature }],
    ['general', { payload, signatures: [{ protected: header, signature }] }],
  ])('refuses the %s JSON serialization', (_, jws) => {
    covers('B16', 'bis-2');
    expectRefusal(JSON.stringify(jws), 'token_opaque', 'there is no dot in it');
  });

  it('CVE-2022-39227: refuses a compact token that is wrapped in JSON', () => {
    covers('B16');
    const polyglot = `{"${header}.${payload}.":"","protected":"${header}","signature":"${signature}"}`;
    expectRefusal(polyglot, 'token_malformed', 'the header is not canonical base64url');
  });
});

describe.each(PARTS)('parseCompactJws, encoding of the %s', (part) => {
  const detail = `the ${part} is not canonical base64url`;

  it.each(['=', '==', '==='])('refuses padding (%s)', (padding) => {
    covers('K1', 'B9');
    const token = withPart(part, (segment) => segment + padding);
    expectRefusal(token, 'token_malformed', detail);
  });

  it.each([
    ['a space', ' '],
    ['a tab', '\t'],
    ['a line feed', '\n'],
    ['a carriage return', '\r'],
  ])('refuses %s at the start, in the middle and at the end', (_, space) => {
    covers('K1', 'B10');
    for (const place of [0, 8, undefined]) {
      const token = withPart(
        part,
        (segment) => segment.slice(0, place) + space + segment.slice(place ?? segment.length),
      );
      expectRefusal(token, 'token_malformed', detail);
    }
  });

  it('refuses a change of the unused bits, which decodes to the same bytes', () => {
    covers('K1', 'B12');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    let original = '';
    let twin = '';
    const token = withPart(part, (segment) => {
      original = segment;
      twin = segment.slice(0, -1) + alphabet[alphabet.indexOf(segment.slice(-1)) ^ 1];
      return twin;
    });
    expect(twin).not.toBe(original);
    expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(original, 'base64url'));
    expectRefusal(token, 'token_malformed', detail);
  });

  it('refuses a length of one more than a multiple of four', () => {
    covers('B13');
    const token = withPart(part, (segment) => 'A'.repeat(segment.length - (segment.length % 4) + 1));
    expectRefusal(token, 'token_malformed', detail);
  });

  it.each(['?', '%', '"', '{', '\u0000', '\u00e9', '\u2028', '\u0141', '\ud800'])(
    'refuses the character %j',
    (character) => {
      covers('B14');
      const token = withPart(part, (segment) => `${segment.slice(0, 4)}${character}${segment.slice(5)}`);
      expectRefusal(token, 'token_malformed', detail);
    },
  );

  it('refuses the alphabet of plain base64', () => {
    covers('B11');
    // Runs of > and ? put a - and a _ into a segment wherever they start.
    const texts = { header: '{"kid":">>>???"}', payload: '{"sub":">>>???"}', signature: '>>>???' };
    const segments = {
      header: toSegment(texts.header),
      payload: toSegment(texts.payload),
      signature: toSegment('>>>???'),
    };
    const join = () => `${segments.header}.${segments.payload}.${segments.signature}`;
    expect(reasonOf(refused(parseCompactJws(join(), MAX_BYTES)))).toBe('accepted');
    expect(segments[part]).toMatch(/-.*_/);
    segments[part] = segments[part].replaceAll('-', '+').replaceAll('_', '/');
    expectRefusal(join(), 'token_malformed', detail);
  });

  it.each(['none', 'None', 'NONE'])(
    'RFC 7519 §6: names the algorithm of a token that has alg %s and no signature',
    (alg) => {
      covers('A1', 'B1');
      const [, payload = ''] = control.split('.');
      const unsecured = (name: string) => `${toSegment(JSON.stringify({ alg: name }))}.${payload}.`;
      expect(refused(parseCompactJws(unsecured('ES256'), MAX_BYTES))).toMatchObject({ reason: 'token_malformed' });
      expect(refused(parseCompactJws(unsecured(alg), MAX_BYTES))).toMatchObject({
        reason: 'algorithm_not_allowed',
        detail: `alg "${alg}"`,
      });
    },
  );
});
