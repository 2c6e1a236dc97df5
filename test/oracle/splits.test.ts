import { describe, expect, it } from 'vitest';
import { signRawToken } from '../support/raw-token.js';
import type { Member } from './hostile-values.js';
import { writeObject } from './json-mutations.js';
import type { Verdict, Verdicts } from './judges.js';
import { findSplit } from './splits.js';
import { NOW_SECONDS, type Seedling } from './token-generator.js';
import { createWorld, type SigningKey } from './world.js';

const ACCEPTED: Verdict = { accepted: true, reason: 'accepted', detail: '' };
const AMBIGUOUS = refused('OAUTH_KEY_SELECTION_FAILED', 'multiple applicable keys found');

function refused(reason: string, detail = ''): Verdict {
  return { accepted: false, reason, detail };
}

describe('a split', () => {
  const world = createWorld();

  function sampleWith(claims: readonly Member[], kid = 'ec'): Seedling {
    const { privateKey: key } = world.keys[0] as SigningKey;
    const header = `{"alg":"ES256","typ":"at+jwt","kid":"${kid}"}`;
    const token = signRawToken({ header, payload: writeObject(claims), key, algorithm: 'ES256' });
    return { token, at: NOW_SECONDS * 1000, profile: 'rfc9068', world };
  }

  function splitOf(claims: readonly Member[], verdicts: Verdicts): ReturnType<typeof findSplit> {
    return findSplit(sampleWith(claims), verdicts);
  }

  it('is none where all agree, for whatever reasons', () => {
    expect(splitOf([], { scopegate: ACCEPTED, jose: ACCEPTED, oauth4webapi: ACCEPTED })).toBeUndefined();
    expect(splitOf([], { scopegate: refused('token_expired'), jose: refused('X'), oauth4webapi: refused('Y') })).toBe(
      undefined,
    );
  });

  it('is none where the others alone differ and ours is with the stricter one', () => {
    const verdicts = { scopegate: refused('signature_invalid'), jose: refused('X'), oauth4webapi: refused('Y') };
    expect(splitOf([], verdicts)).toBeUndefined();
  });

  it('is a finding where we accept what one of them refuses', () => {
    const finding = { direction: 'theirs is stricter', listed: [] };
    expect(splitOf([], { scopegate: ACCEPTED, jose: refused('ERR_X'), oauth4webapi: ACCEPTED })).toEqual(finding);
    expect(splitOf([], { scopegate: ACCEPTED, jose: ACCEPTED, oauth4webapi: refused('OAUTH_X') })).toEqual(finding);
  });

  it('is a finding where we refuse for a reason that is not listed', () => {
    const finding = { direction: 'ours is stricter', listed: [] };
    expect(splitOf([], { scopegate: refused('token_too_old'), jose: ACCEPTED })).toEqual(finding);
    const byOneAlone = { scopegate: refused('token_too_old'), jose: refused('X'), oauth4webapi: ACCEPTED };
    expect(splitOf([], byOneAlone)).toEqual(finding);
  });

  it('is listed only where the token has the fault that we refuse it for', () => {
    const verdicts = { scopegate: refused('claim_malformed', 'sub'), jose: ACCEPTED };
    expect(splitOf([['sub', '1']], verdicts)?.listed).toEqual(['identifier-type']);
    expect(splitOf([['sub', '"a\\u0000"']], verdicts)?.listed).toEqual(['identifier-characters']);
    expect(splitOf([['sub', '"user"']], verdicts)?.listed).toEqual([]);
  });

  it('is listed as theirs only for the library, the error and the token that the list names', () => {
    const verdicts = { scopegate: ACCEPTED, jose: ACCEPTED, oauth4webapi: AMBIGUOUS };
    expect(findSplit(sampleWith([], 'twin'), verdicts)?.listed).toEqual(['ambiguous-key']);
    expect(findSplit(sampleWith([], 'ec'), verdicts)?.listed).toEqual([]);
    const byJose = { scopegate: ACCEPTED, jose: AMBIGUOUS, oauth4webapi: ACCEPTED };
    expect(findSplit(sampleWith([], 'twin'), byJose)?.listed).toEqual([]);
  });

  it('is a finding where only one of two refusals is listed', () => {
    const verdicts = { scopegate: ACCEPTED, jose: refused('ERR_X'), oauth4webapi: AMBIGUOUS };
    expect(findSplit(sampleWith([], 'twin'), verdicts)?.listed).toEqual([]);
  });
});
