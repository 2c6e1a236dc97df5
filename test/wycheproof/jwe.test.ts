import { expect, it } from 'vitest';
import { createVerifier } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';
import { describeWycheproof, listVectors } from '../support/wycheproof.js';

const FILES = [
  { file: 'json_web_encryption_test', total: 139 },
  { file: 'json_web_crypto_test', total: 34 },
];

describeWycheproof('JWE in place of an access token', () => {
  const issuer = new RawIssuer();
  const verifier = createVerifier({ ...issuer.verifierOptions, maxTokenBytes: 1_048_576 });
  const vectorsOf = (file: string) => listVectors(file).filter(({ vector }) => vector.jwe !== undefined);

  /** RFC 7516 §7.1: five segments make a compact JWE, whatever is in them. */
  function expectedOf(token: string): string {
    if (!token.includes('.')) return 'token_opaque';
    return token.split('.').length === 5 ? 'token_encrypted' : 'token_malformed';
  }

  it.each(FILES)('$file has all of its $total vectors', ({ file, total }) => {
    expect(vectorsOf(file)).toHaveLength(total);
  });

  it.each(
    FILES.flatMap(({ file }) => vectorsOf(file).map((row) => ({ file, ...row, expected: expectedOf(row.token) }))),
  )(
    'RFC 7516 §7.1: $file $vector.tcId $vector.comment ($vector.result) is refused: $expected',
    async ({ token, expected }) => {
      covers('B17');
      expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('accepted');
      expect(await reasonOfCall(verifier.verify(token))).toBe(expected);
      expect(issuer.requests).toEqual([]);
    },
  );
});
