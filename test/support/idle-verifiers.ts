import { createVerifier } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';

// Leaves requests behind that nobody will ever answer, each with a deadline of a minute.
const issuer = await createTestIssuer();
const options = { ...issuer.verifierOptions, keys: { fetchTimeoutSeconds: 60 } };
const token = await issuer.token();

const fetch: typeof globalThis.fetch = () => {
  console.log('asked for metadata');
  return new Promise(() => {});
};
const verifier = createVerifier({ ...options, fetch });
void verifier.verify(token);
void verifier.ready({ timeoutSeconds: 60 });

const resolver = () => {
  console.log('asked a resolver');
  return new Promise<undefined>(() => {});
};
void createVerifier({ ...options, issuer: resolver }).verify(token);

process.on('exit', () => console.log('ended'));
