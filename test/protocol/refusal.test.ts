import { describe, expect, it } from 'vitest';
import { escapeControls, quoteUntrusted, REFUSALS, Refusal, type RefusalReason } from '../../src/protocol/refusal.js';
import { covers } from '../support/covers.js';

const REASONS = Object.keys(REFUSALS) as RefusalReason[];

const STATUS_OF_ERROR = { invalid_request: 400, invalid_token: 401, insufficient_scope: 403 };

describe('the table of refusals', () => {
  it.each(REASONS)('RFC 6750 §3.1: %s has the status that its error code has', (reason) => {
    const { status, error } = new Refusal(reason, '').entry;
    if (error !== undefined) expect(status).toBe(STATUS_OF_ERROR[error]);
    else if (reason === 'token_missing') expect(status).toBe(401);
    else expect(status).toBe(reason === 'route_unguarded' ? 500 : 503);
  });

  it.each(REASONS)('RFC 6750 §3: the description of %s is one sentence or more in the allowed characters', (reason) => {
    expect(REFUSALS[reason].description).toMatch(/^[A-Z][\x20\x21\x23-\x5b\x5d-\x7e]*\.$/);
  });

  it.each(REASONS)('%s tells the operator what usually causes it', (reason) => {
    expect(REFUSALS[reason].help).toMatch(/\.$/);
    expect(REFUSALS[reason].help).not.toBe(REFUSALS[reason].description);
  });

  it('RFC 6750 §3.1: only a request without credentials is answered 401 without an error code', () => {
    const without = REASONS.filter((reason) => {
      const { status, error } = new Refusal(reason, '').entry;
      return status === 401 && error === undefined;
    });
    expect(without).toEqual(['token_missing']);
  });

  it('a description tells nothing of which key, which claims function or which issuer failed', () => {
    const unavailable: RefusalReason[] = ['metadata_unavailable', 'keys_unavailable', 'issuer_resolver_failed'];
    expect(new Set(unavailable.map((reason) => REFUSALS[reason].description)).size).toBe(1);
  });
});

describe('Refusal', () => {
  it('holds a reason, a detail, and nothing else where nothing else is known', () => {
    expect({ ...new Refusal('token_expired', 'exp 1, now 2') }).toEqual({
      reason: 'token_expired',
      detail: 'exp 1, now 2',
      scopes: undefined,
      retryAfterSeconds: undefined,
      cause: undefined,
    });
  });

  it('holds the scopes, the time to wait and the cause that it is given', () => {
    const cause = new Error('down');
    const refusal = new Refusal('keys_unavailable', 'x', { scopes: ['a'], retryAfterSeconds: 3, cause });
    expect(refusal).toMatchObject({ scopes: ['a'], retryAfterSeconds: 3, cause });
  });

  it('finds its row in the table', () => {
    expect(new Refusal('audience_mismatch', '').entry).toBe(REFUSALS.audience_mismatch);
  });

  it('is a value and costs no stack trace', () => {
    expect(new Refusal('token_malformed', '')).not.toBeInstanceOf(Error);
    expect(new Refusal('token_malformed', '')).not.toHaveProperty('stack');
  });
});

describe('quoteUntrusted', () => {
  it.each([
    ['https://issuer.test', '"https://issuer.test"'],
    ['', '""'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    [['a', 'b'], '["a","b"]'],
    [1, '1'],
    [null, 'null'],
    [undefined, 'undefined'],
  ])('shows %j as JSON: %s', (value, quoted) => {
    expect(quoteUntrusted(value)).toBe(quoted);
  });

  it.each([
    ['a line break', 'a\r\nlevel=error', '"a\\r\\nlevel=error"'],
    ['a terminal escape', '\u001b[31mred', '"\\u001b[31mred"'],
    ['a C1 control', 'a\u009b31m', '"a\\u009b31m"'],
    ['DEL', 'a\u007f', '"a\\u007f"'],
    ['a line separator', 'a\u2028b', '"a\\u2028b"'],
    ['a right-to-left override', 'a\u202eb', '"a\\u202eb"'],
    ['a lone surrogate', 'a\ud800', '"a\\ud800"'],
    ['a pair of surrogates', '\u{1f600}', '"\\ud83d\\ude00"'],
  ])('escapes %s, so that no log line can be forged', (_, value, quoted) => {
    covers('C5', 'D12');
    expect(quoteUntrusted(value)).toBe(quoted);
  });

  it.each([
    ['a string', 'x'.repeat(100_000)],
    ['a list', Array.from({ length: 10_000 }, () => 'x')],
    ['a string that grows by being escaped', '\u0000'.repeat(100_000)],
  ])('cuts %s to 100 characters', (_, value) => {
    covers('C6');
    expect(quoteUntrusted('x'.repeat(98))).toBe(`"${'x'.repeat(98)}"`);
    const quoted = quoteUntrusted(value);
    expect(quoted).toHaveLength(103);
    expect(quoted.endsWith('...')).toBe(true);
  });
});

describe('escapeControls', () => {
  it.each([
    ['a\r\nb', 'a\\u000d\\u000ab'],
    ['\u001b[31m', '\\u001b[31m'],
    ['\u0085\u2028\u2029', '\\u0085\\u2028\\u2029'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\ud800', '\\ud800'],
    ['clé 鍵 \u{1f511}', 'clé 鍵 \u{1f511}'],
  ])('CWE-117, CWE-150: escapes what breaks lines and steers terminals in %j, and nothing else', (text, escaped) => {
    expect(escapeControls(text)).toBe(escaped);
  });
});
