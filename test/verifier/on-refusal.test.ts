import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type Verifier } from '../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';
import { catchWarnings } from '../support/caught-warnings.js';
import { closeAfterTest } from '../support/close-after-test.js';
import { reasonOfCall } from '../support/reason-of.js';

let issuer: TestIssuer;
let verifier: Verifier;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier({ ...issuer.verifierOptions });
});

const requestWith = (token: string) => ({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } });

describe('onRefusal of verifier.authenticate', () => {
  it('is told of each refusal with its request, and of no request that is accepted', async () => {
    closeAfterTest(() => verifier.close());
    const onRefusal = vi.fn();
    const good = requestWith(await issuer.token());
    await verifier.authenticate(good, { onRefusal });
    expect(onRefusal).not.toHaveBeenCalled();

    const bad = requestWith(await issuer.token({ audience: 'https://other.test' }));
    const error = await verifier.authenticate(bad, { onRefusal }).catch((thrown) => thrown);
    expect(onRefusal.mock.calls).toEqual([[error, bad]]);
    expect(error).toMatchObject({ reason: 'audience_mismatch', status: 401 });
  });

  it('is told of an outage too', async () => {
    closeAfterTest(() => verifier.close());
    await issuer.outage('refuse');
    const onRefusal = vi.fn();
    const call = verifier.authenticate(requestWith(await issuer.token()), { onRefusal });
    expect(await reasonOfCall(call)).toBe('metadata_unavailable');
    expect(onRefusal).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['throws', () => explode()],
    ['rejects', () => Promise.reject(new Error('from a log'))],
  ])('changes nothing when it %s, and warns', async (_, onRefusal) => {
    closeAfterTest(() => verifier.close());
    const warnings = catchWarnings();
    expect(await reasonOfCall(verifier.authenticate(requestWith('nonsense'), { onRefusal }))).toBe('token_opaque');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.map(({ message }) => message)).toEqual(['onRefusal threw: Error: from a log']);
  });
});

function explode(): never {
  throw new Error('from a log');
}
