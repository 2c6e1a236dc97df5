import { createHash, createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Algorithm } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { signBytes, toSegment } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';
import { thorough } from '../support/thorough.js';
import { describeWycheproof, type GroupedVector, keysOf, listVectors } from '../support/wycheproof.js';
import { expectedOf, idsOf, type JoseFile } from './expected.js';
import { algorithmOf, base, createVerifierOf, PAYLOAD, remint, signWith } from './remint.js';

type Row = GroupedVector & { readonly file: JoseFile };

/** Picks vectors by their numbers, all of which must be there. */
function pick(file: JoseFile, ids: string): readonly Row[] {
  const wanted = idsOf(ids);
  const rows = listVectors(file).filter(({ vector }) => wanted.includes(vector.tcId));
  return rows.map((row) => ({ ...row, file }));
}

const count = (rows: readonly unknown[]) => rows.length;

/** All of them, or one in three. */
const some = <Row>(rows: readonly Row[]) =>
  thorough(
    rows,
    rows.filter((_, i) => i % 3 === 0),
  );
const controlOf = ({ group }: GroupedVector) => group.tests.find(({ result }) => result === 'valid')?.jws as string;

describeWycheproof('the changes of vectors, made to our own tokens', () => {
  describe('segments that are changed, missing or too many', () => {
    const rows = [
      ...pick('json_web_signature_test', '2-17,19-32,34-45'),
      ...pick('json_web_crypto_test', '2-17,19-32,34-45'),
    ];

    it('are all there', () => expect(count(rows)).toBe(2 * 42));

    it.each(some(rows))('RFC 7515 §5.2: $file $vector.tcId $vector.comment', async (row) => {
      const control = controlOf(row);
      const ours = remint(row.group, control, algorithmOf(control));
      const verifier = createVerifierOf(row.group);
      expect(await reasonOfCall(verifier.verify(ours))).toBe('accepted');
      const changed = changeLike(row, control, ours);
      expect(changed).not.toBe(ours);
      expect(await reasonOfCall(verifier.verify(changed))).toBe(expectedOf(row.file, row));
      expect(await reasonOfCall(verifier.verify(ours))).toBe('accepted');
    });
  });

  describe('headers of valid vectors', () => {
    // 346, 347, 350 and 351 are those whose keys say another algorithm; 372 and 373 are below.
    const signatures = '1,18,33,259-275,287,288,320-323,325-328,345,348,349,352,357-359,376-378';
    const rows = [
      ...pick('json_web_signature_test', signatures),
      ...pick('json_web_key_test', '2,5,13-15'),
      ...pick('json_web_crypto_test', '1,18,33,48'),
    ].filter(({ vector }) => vector.result === 'valid');

    it('are all there', () => expect(count(rows)).toBe(40 + 5 + 4));

    it.each(some(rows))('RFC 7515 §3: $file $vector.tcId $vector.comment is accepted', async ({ group, token }) => {
      const ours = remint(group, token, algorithmOf(token));
      expect(await reasonOfCall(createVerifierOf(group).verify(ours))).toBe('accepted');
    });
  });

  describe('algorithms that are not those of the key', () => {
    const primitives = pick('json_web_signature_test', '331-340');
    const none = [...pick('json_web_signature_test', '16,341-344'), ...pick('json_web_crypto_test', '16')];
    const named = pick('json_web_signature_test', '346,350');

    it('are all there', () => expect([primitives, none, named].map(count)).toEqual([10, 6, 2]));

    it.each(primitives)('CVE-2026-48523: $vector.tcId $vector.comment', async (row) => {
      covers('A6', 'A7');
      const verifier = createVerifierOf(row.group);
      const control = remint(row.group, controlOf(row), 'PS512');
      expect(await reasonOfCall(verifier.verify(control))).toBe('accepted');
      const changed = remint(row.group, row.token, row.vector.comment.replace('Using', '') as Algorithm);
      expect(await reasonOfCall(verifier.verify(changed))).toBe(expectedOf(row.file, row));
    });

    it.each(none)(
      'A1 to A3, RFC 8725 §3.2: $file $vector.tcId, without a signature and with a real one',
      async (row) => {
        const verifier = createVerifierOf(row.group);
        const control = controlOf(row);
        const algorithm = algorithmOf(control);
        expect(await reasonOfCall(verifier.verify(remint(row.group, control, algorithm)))).toBe('accepted');
        const signed = remint(row.group, row.token, algorithm);
        expect(await reasonOfCall(verifier.verify(signed))).toBe('algorithm_not_allowed');
        expect(await reasonOfCall(verifier.verify(signed.replace(/[^.]*$/, '')))).toBe('algorithm_not_allowed');
      },
    );

    it.each(named)('$vector.tcId PS384 with a key that says PS256', async (row) => {
      covers('A6');
      const verifier = createVerifierOf(row.group);
      const header = toSegment(JSON.stringify({ alg: 'PS256', kid: keysOf(row.group.private)[0]?.['kid'] }));
      const control = signWith(row.group, 'PS256', header, toSegment(PAYLOAD));
      expect(await reasonOfCall(verifier.verify(control))).toBe('accepted');
      expect(await reasonOfCall(verifier.verify(remint(row.group, row.token, 'PS384')))).toBe('unknown_key');
    });
  });

  describe('spellings of base64url', () => {
    // 367 and 370 lost what they are about.
    const rows = pick('json_web_signature_test', '360-366,368,369,371-375');

    it('are all there', () => expect(count(rows)).toBe(14));

    it.each(rows)('RFC 7515 §2: $vector.tcId $vector.comment', async ({ group, token }) => {
      covers('K1');
      const verifier = createVerifierOf(group);
      const header = token.slice(0, token.indexOf('.')).replace(/[^\w-]/g, '');
      const ours = signWith(group, 'HS256', header, toSegment(PAYLOAD));
      expect(await reasonOfCall(verifier.verify(ours))).toBe('accepted');
      const [a = '', b = '', c = ''] = respell(ours.split('.'), token.split('.'));
      expect(`${a}.${b}.${c}`).not.toBe(ours);
      expect(await reasonOfCall(verifier.verify(`${a}.${b}.${c}`))).toBe('token_malformed');
      // The signature over the text as it is spelt does not help.
      const [, , signature = ''] = signWith(group, 'HS256', a, b).split('.');
      const resigned = a === ours.split('.')[0] && b === ours.split('.')[1] ? c : signature;
      expect(await reasonOfCall(verifier.verify(`${a}.${b}.${resigned}`))).toBe('token_malformed');
      expect(await reasonOfCall(verifier.verify(ours))).toBe('accepted');
    });
  });

  describe('keys that must not be used, beside one that can be', () => {
    const rows = [
      ...pick('json_web_signature_test', '347,351,353-356'),
      ...pick('json_web_key_test', '6-9,19-24'),
      ...pick('json_web_crypto_test', '46'),
    ];
    const good = base.jwk;

    it('are all there', () => expect(count(rows)).toBe(6 + 10 + 1));

    it.each(some(rows))('RFC 7517 §5, RFC 8725 §3.4: $file $vector.tcId $vector.comment', async (row) => {
      const verifier = createVerifierOf(row.group, [...keysOf(row.group.public ?? {}), good]);
      const signed = signAsGroup(row);
      expect(await reasonOfCall(verifier.verify(base.token()))).toBe('accepted');
      expect(await reasonOfCall(verifier.verify(signed))).toBe('unknown_key');
      const why = expectedOf(row.file, row).replace('refused at start: ', '');
      const [issuer] = verifier.status().issuers;
      expect(issuer?.skippedKeys).toEqual([{ index: 0, why: expect.stringContaining(why) }]);
    });

    it('with the exponent 1 such a signature is valid, were the key used', () => {
      covers('K11');
      const [row] = pick('json_web_key_test', '9') as [Row];
      const forged = signAsGroup(row);
      const dot = forged.lastIndexOf('.');
      const key = createPublicKey({ key: keysOf(row.group.public ?? {})[0] as JsonWebKey, format: 'jwk' });
      const signature = Buffer.from(forged.slice(dot + 1), 'base64url');
      expect(verify('sha256', Buffer.from(forged.slice(0, dot)), key, signature)).toBe(true);
    });

    const harmless = rows.filter(({ file, vector }) => {
      return file === 'json_web_signature_test' || [6, 19, 20, 21].includes(vector.tcId);
    });

    it.each(harmless)('RFC 7517 §4: but for its metadata the key would do: $file $vector.tcId', async (row) => {
      const keys = keysOf(row.group.public ?? {}).map(({ use, key_ops, alg, ...rest }) => rest);
      expect(await reasonOfCall(createVerifierOf(row.group, keys).verify(signAsGroup(row)))).toBe('accepted');
    });
  });
});

/** Signs our claims under the header of a vector, by whatever way there is to a signature. */
function signAsGroup({ group, token }: GroupedVector): string {
  const [key = {}] = keysOf(group.public ?? {});
  const [header = '', , signature = ''] = token.split('.');
  const input = `${header}.${toSegment(PAYLOAD)}`;
  if (key['e'] === 'AQ') return `${input}.${toSegment(paddedHash(input))}`;
  // Where the private key is as broken as the public one, the signature of the vector has to do.
  return isBroken(group) ? `${input}.${signature}` : remint(group, token, algorithmOf(token));
}

function isBroken({ comment }: GroupedVector['group']): boolean {
  return ['invalid_point', 'wrong_curve', 'wrong_kty'].includes(comment);
}

/** Pads a hash as RFC 8017 §9.2 says. With the exponent 1 that is a signature already: anybody can make one. */
function paddedHash(input: string): Buffer {
  const prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const digestInfo = Buffer.concat([prefix, createHash('sha256').update(input).digest()]);
  return Buffer.concat([Buffer.of(0, 1), Buffer.alloc(256 - 3 - digestInfo.length, 0xff), Buffer.of(0), digestInfo]);
}

/** Does to our token what the vector does to the valid one of its group. */
function changeLike(row: Row, control: string, ours: string): string {
  const theirs = control.split('.');
  const segments = ours.split('.');
  const { token, vector } = row;
  if (vector.comment === 'rejectsAttackerProvidedEmbeddedJwk') return embedKey(token);
  if (token.startsWith('{')) return theirs.reduce((text, part, i) => text.replace(part, segments[i] ?? ''), token);
  const changed = token.split('.').map((part, index) => {
    const known = theirs.indexOf(part);
    if (part === '') return '';
    if (known !== -1) return segments[known] ?? '';
    if (index === 0 || index > 2) return part;
    return index === 1 ? toSegment(PAYLOAD.replace('test-user', 'root-user')) : flipFirstBit(segments[2] ?? '');
  });
  if (vector.comment.startsWith('rejectsSymmetryConfusion')) {
    changed[2] = createHmac('sha256', pointOf(row)).update(`${changed[0]}.${changed[1]}`).digest('base64url');
  }
  return changed.join('.');
}

function flipFirstBit(segment: string): string {
  const bytes = Buffer.from(segment, 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  return toSegment(bytes);
}

/** The public key as bytes, which an attacker would take for a secret. */
function pointOf({ group }: GroupedVector): Buffer {
  const [{ x, y } = {}] = keysOf(group.public ?? {});
  return Buffer.concat([x, y].map((part) => Buffer.from(String(part), 'base64url')));
}

/** A header with a key of the attacker's own, who signs with it. */
function embedKey(token: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
  const jwk = { ...header.jwk, ...publicKey.export({ format: 'jwk' }) };
  const input = `${toSegment(JSON.stringify({ ...header, jwk }))}.${toSegment(PAYLOAD)}`;
  return `${input}.${toSegment(signBytes('ES256', privateKey, Buffer.from(input)))}`;
}

/** Puts the foreign characters of a vector into our segments, at the same places; or changes unused bits. */
function respell(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const spelt = ours.map((segment, index) => {
    const other = theirs[index] ?? '';
    const foreign = /[^\w-]+/.exec(other);
    if (foreign === null) return segment;
    const isLast = foreign.index + foreign[0].length === other.length;
    const at = isLast ? segment.length : Math.min(foreign.index, segment.length - 1);
    return segment.slice(0, at) + foreign[0] + segment.slice(at);
  });
  const isForeign = spelt.some((segment, index) => segment !== ours[index]);
  return isForeign ? spelt : ours.map((segment, index) => (index === 1 ? changeUnusedBits(segment) : segment));
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function changeUnusedBits(segment: string): string {
  const changed = segment.slice(0, -1) + ALPHABET[ALPHABET.indexOf(segment.slice(-1)) ^ 1];
  expect(Buffer.from(changed, 'base64url').equals(Buffer.from(segment, 'base64url'))).toBe(true);
  return changed;
}
