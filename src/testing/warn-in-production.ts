/** An authorization server for tests gives tokens to whoever asks. It belongs into no server that people use. */
export function warnInProduction(): void {
  if (process.env['NODE_ENV'] !== 'production') return;
  process.emitWarning('createTestIssuer() runs with NODE_ENV=production. It is for tests alone.', {
    code: 'SCOPEGATE_TEST_ISSUER',
  });
}
