export {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerHits,
  type TestTokenOptions,
} from './create-test-issuer.js';
export type { Outage } from './issuer-documents.js';
export type { TestIssuerOptions } from './test-issuer-options.js';
