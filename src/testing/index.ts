export {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerHits,
} from './create-test-issuer.js';
export type { Outage } from './issuer-documents.js';
export type { TestIssuerOptions, TestTokenOptions } from './test-issuer-options.js';
