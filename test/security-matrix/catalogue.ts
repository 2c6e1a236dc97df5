import { ATTACKS } from './attacks.js';
import type { CatalogueSection, Omission } from './matrix.js';
import { REQUIREMENTS } from './requirements.js';

/** Every row that is claimed, in the order of the document. */
export const SECTIONS = [...REQUIREMENTS, ...ATTACKS] as const satisfies readonly CatalogueSection[];

/** What a test can say that it covers. */
export type RowId = KeysOfEach<(typeof SECTIONS)[number]['rows']>;

type KeysOfEach<Rows> = Rows extends unknown ? keyof Rows : never;

/** What stands above the tables. */
export const HEAD = `# Security matrix

Each row is a requirement on a resource server, or an attack on one; the tests that prove that scopegate meets it; and
what they say. Most tests send real tokens by real HTTP, are one mutation away from a token that passes, and demand the
machine reason of the refusal. [SECURITY.md](../SECURITY.md) says what is promised, and what is not.

This page is written from a run of the tests by \`test/security-matrix/main.ts\`; do not edit it. A test names the rows
that it proves by a call, \`covers('A1', 'A7')\`. The build fails when a row has no test, when a test fails, when all of a
row are skipped, when a test names a row that there is not, or when this page is not what the tests say. To write it
again:

\`\`\`sh
npm run security-matrix
\`\`\`

The vectors of Wycheproof are run besides, where they are at hand (\`test/wycheproof\`); no row depends on them.
`;

/** What is not claimed. */
export const NOT_YET: readonly Omission[] = [
  {
    subject: 'DPoP',
    ids: ['9449-1 to 9449-10', '9449-12 to 9449-14', '7638-1', 'class I', 'K12'],
    reason: 'Proofs are not verified (RFC 9449). A bound token is refused: 9449-11, 9449-15.',
  },
  {
    subject: 'Certificate-bound tokens',
    ids: ['8705-1', '8705-4', 'J1 to J5'],
    reason:
      'Certificates are not compared (RFC 8705), and no header of a proxy is read. A bound token is refused: 8705-2, 8705-3.',
  },
  {
    subject: 'Support for tokens that are bound to their sender',
    ids: ['9700-2'],
    reason: 'It takes one of the two above.',
  },
  {
    subject: 'Headers of a proxy',
    ids: ['9700-4'],
    reason: 'It binds a server that reads such headers. None is read.',
  },
  {
    subject: 'Revocation and logout',
    ids: ['BCL-1 to BCL-6', 'G5', 'H22', 'J13 to J15'],
    reason:
      'There is no list of revoked tokens and no logout endpoint. A token is good until it expires, or its key or issuer is withdrawn.',
  },
  { subject: 'Status lists', ids: ['TSL-1 to TSL-7', 'J16'], reason: 'A status claim is not looked at.' },
  {
    subject: 'Rich authorization requests',
    ids: ['9396-1', '9396-2', 'E12'],
    reason: 'There is no policy for authorization_details (RFC 9396).',
  },
  {
    subject: 'Step-up',
    ids: ['9470-1', '9470-2', 'E13'],
    reason: 'There is no policy for acr and auth_time (RFC 9470); a claim rule can refuse, without the challenge.',
  },
  {
    subject: 'Protected resource metadata',
    ids: ['9728-1 to 9728-6', 'J17'],
    reason: 'No metadata is served (RFC 9728).',
  },
  {
    subject: 'A tenant for each host',
    ids: ['J18'],
    reason: 'There is no such option: give each tenant an audience, or a claim rule.',
  },
  {
    subject: 'The FAPI 2.0 profile',
    ids: ['FAPI-1'],
    reason: 'It asks for tokens that are bound to their sender, and for revocation.',
  },
];
