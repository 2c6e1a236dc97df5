import { ATTACKS } from './attacks.js';
import type { CatalogueSection, Omission } from './matrix.js';
import { REQUIREMENTS } from './requirements.js';

/** Every row that is claimed, in the order of the document. */
export const SECTIONS: readonly CatalogueSection[] = [...REQUIREMENTS, ...ATTACKS];

/** What stands above the tables. */
export const HEAD = `# Security matrix

Each row is a requirement on a resource server, or an attack on one; the tests that prove that scopegate meets it; and
what they say. Most tests send real tokens by real HTTP, are one mutation away from a token that passes, and demand the
machine reason of the refusal. [SECURITY.md](../SECURITY.md) says what is promised, and what is not.

This page is written from a run of the tests by \`test/security-matrix/main.ts\`; do not edit it. A test belongs to a row
whose id stands in its title, before the colon or in parentheses. The build fails when a row has no test, when a test of
it fails, when all are skipped, or when this page is not what the tests say. To write it again:

\`\`\`sh
npm run security-matrix
\`\`\`

The vectors of Wycheproof are run besides, where they are at hand (\`test/wycheproof\`); no row depends on them.
`;

/** What is not claimed. */
export const NOT_YET: readonly Omission[] = [
  {
    what: 'DPoP: 9449-1 to 9449-10, 9449-12 to 9449-14, 7638-1, class I, K12',
    reason: 'Proofs are not verified (RFC 9449). A bound token is refused: 9449-11, 9449-15.',
  },
  {
    what: 'Certificate-bound tokens: 8705-1, 8705-4, J1 to J5',
    reason:
      'Certificates are not compared (RFC 8705), and no header of a proxy is read. A bound token is refused: 8705-2, 8705-3.',
  },
  { what: '9700-2: support for tokens that are bound to their sender', reason: 'It takes one of the two above.' },
  { what: '9700-4: headers of a proxy', reason: 'It binds a server that reads such headers. None is read.' },
  {
    what: 'Revocation and logout: BCL-1 to BCL-6, G5, H22, J13 to J15',
    reason:
      'There is no list of revoked tokens and no logout endpoint. A token is good until it expires, or its key or issuer is withdrawn.',
  },
  { what: 'Status lists: TSL-1 to TSL-7, J16', reason: 'A status claim is not looked at.' },
  {
    what: 'Rich authorization requests: 9396-1, 9396-2, E12',
    reason: 'There is no policy for authorization_details (RFC 9396).',
  },
  {
    what: 'Step-up: 9470-1, 9470-2, E13',
    reason: 'There is no policy for acr and auth_time (RFC 9470); a claim rule can refuse, without the challenge.',
  },
  { what: 'Protected resource metadata: 9728-1 to 9728-6, J17', reason: 'No metadata is served (RFC 9728).' },
  {
    what: 'J18: a tenant for each host',
    reason: 'There is no such option: give each tenant an audience, or a claim rule.',
  },
  {
    what: 'FAPI-1: the FAPI 2.0 profile',
    reason: 'It asks for tokens that are bound to their sender, and for revocation.',
  },
];
