export {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerHits,
  type TestIssuerOptions,
  type TestTokenOptions,
} from './create-test-issuer.js';
export type { Outage } from './issuer-site.js';
