import { createServer } from 'node:http';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGuard } from '../../src/adapters/express/create-guard.js';
import { createIssuer } from '../../src/issuer/issuer.js';
import type { IssuerConfig } from '../../src/issuer/issuer-options.js';
import { parseValidatedClaims, type ValidatedClaims } from '../../src/token/claim-rules.js';
import { checkRequestRules, type RequestRules } from '../../src/token/request-rules.js';
import { createVerifier } from '../../src/verifier/create-verifier.js';
import { parseVerifierOptions, type VerifierOptions } from '../../src/verifier/options.js';
import type { VerifyOptions } from '../../src/verifier/requirements.js';
import { covers } from '../support/covers.js';
import { toJsonObject } from '../support/json-object.js';
import { listen } from '../support/listen.js';
import { RawIssuer } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOf, reasonOfCall } from '../support/reason-of.js';

const raw = new RawIssuer();

interface Case {
  readonly claims?: JsonTexts;
  readonly demanded?: Partial<RequestRules>;
  readonly issuer?: Partial<Exclude<VerifierOptions['issuer'], string | readonly unknown[]>>;
}

function check({ claims = {}, demanded = {}, issuer: rules = {} }: Case = {}): string {
  const { issuer, ...rest } = raw.verifierOptions;
  const config = parseVerifierOptions({ ...rest, issuer: { ...issuer, ...rules } });
  const [issuerConfig] = config.issuers as readonly [IssuerConfig];
  const facts = parseValidatedClaims(toJsonObject({ ...raw.payload, ...claims })) as ValidatedClaims;
  const acceptance = { audience: [raw.audience], now: raw.now, clockToleranceSeconds: 5, ...demanded };
  return reasonOf(
    checkRequestRules(
      facts,
      createIssuer(issuerConfig, { ...config, signal: new AbortController().signal }),
      acceptance,
    ),
  );
}

describe('checkAcceptance', () => {
  it.each<[string, Case, Case, string]>([
    ['time', {}, { demanded: { now: raw.now + 3605 } }, 'token_expired'],
    ['audience', {}, { claims: { aud: '"https://other.test"' } }, 'audience_mismatch'],
    ['audience of the route', {}, { demanded: { audience: ['https://route.test'] } }, 'audience_mismatch'],
    [
      'audience of the issuer, besides that of the server',
      { issuer: { audience: raw.audience } },
      { issuer: { audience: 'https://narrower.test' } },
      'audience_mismatch',
    ],
    [
      'client',
      { issuer: { clientIds: ['test-client'] } },
      { issuer: { clientIds: ['other-client'] } },
      'client_not_allowed',
    ],
    [
      'age',
      { issuer: { maxTokenAgeSeconds: 60 } },
      { issuer: { maxTokenAgeSeconds: 60 }, claims: { iat: String(raw.now - 66) } },
      'token_too_old',
    ],
    ['binding', {}, { claims: { cnf: '{"jkt":"a"}' } }, 'binding_not_proven'],
  ])('refuses a token by its %s', (_, control, mutated, reason) => {
    expect(check(control)).toBe('accepted');
    expect(check(mutated)).toBe(reason);
    expect(check(control)).toBe('accepted');
  });

  it('asks for no audience only where that was written down', () => {
    covers('E3');
    const claims = { aud: undefined };
    expect(check({ claims, demanded: { audience: false } })).toBe('accepted');
    expect(check({ claims })).toBe('audience_mismatch');
  });

  it('asks for the audience of the issuer where the server has none', () => {
    covers('E3');
    const demanded = { audience: false } as const;
    const issuer = { audience: 'https://narrower.test' };
    expect(check({ demanded, issuer, claims: { aud: '"https://narrower.test"' } })).toBe('accepted');
    expect(check({ demanded, issuer })).toBe('audience_mismatch');
  });

  it('takes a token that names the audiences of both server and issuer', () => {
    covers('E4');
    const issuer = { audience: 'https://narrower.test' };
    const both = { aud: `["${raw.audience}","https://narrower.test"]` };
    expect(check({ issuer, claims: both })).toBe('accepted');
    expect(check({ issuer, claims: { aud: '"https://narrower.test"' } })).toBe('audience_mismatch');
  });

  it('asks for no audience of an issuer that names none, whatever server and route demand', () => {
    covers('E3');
    const issuer = { audience: false, clientIds: ['test-client'] } as const;
    const nameless = { aud: undefined };
    expect(check({ issuer, claims: nameless })).toBe('accepted');
    expect(check({ issuer, claims: { aud: '"https://other.test"' } })).toBe('accepted');
    expect(check({ issuer, claims: nameless, demanded: { audience: ['https://route.test'] } })).toBe('accepted');
    expect(check({ issuer, claims: nameless, demanded: { audience: false } })).toBe('accepted');
    expect(check({ issuer: { clientIds: ['test-client'] }, claims: nameless })).toBe('audience_mismatch');
  });

  it.each<[what: string, claims: JsonTexts, reason: string]>([
    ['of another client', { client_id: '"other-client"' }, 'client_not_allowed'],
    ['of nobody', { client_id: undefined }, 'client_not_allowed'],
    ['that expired', { exp: '1' }, 'token_expired'],
    ['that is bound to a key', { cnf: '{"jkt":"a"}' }, 'binding_not_proven'],
  ])('still refuses a token %s of an issuer that names no audience', (_, claims, reason) => {
    covers('E3');
    const issuer = { audience: false, clientIds: ['test-client'] } as const;
    expect(check({ issuer, claims: { aud: undefined } })).toBe('accepted');
    expect(check({ issuer, claims: { aud: undefined, ...claims } })).toBe(reason);
  });

  it('refuses a token that is wrong in several ways', () => {
    const claims = { aud: '"https://other.test"', cnf: '{}' };
    expect(check()).toBe('accepted');
    expect(check({ claims, demanded: { now: raw.now + 3605 } })).toBe('token_expired');
    expect(check({ claims })).toBe('audience_mismatch');
  });
});

describe('an issuer that names no audience, beside one that does', () => {
  const web = new RawIssuer({ issuer: 'https://nameless.test' });
  const { issuer: named, audience, clock, fetch } = raw.verifierOptions;
  const nameless = { ...web.verifierOptions.issuer, audience: false, clientIds: ['test-client'] } as const;
  const verifier = createVerifier({ issuer: [named, nameless], audience, clock, fetch });
  const reason = (token: string, options: VerifyOptions = {}) => reasonOfCall(verifier.verify(token, options));

  it('asks for the audience of the tokens of the other alone, cold and warm', async () => {
    covers('E3');
    const [good, without] = [raw.token(), raw.token({ payload: { aud: undefined } })];
    const [ofNameless, ofNobody] = [{ aud: undefined }, { aud: undefined, client_id: undefined }].map((payload) =>
      web.token({ payload }),
    ) as [string, string];
    for (const _ of ['cold', 'warm']) {
      expect(await reason(good)).toBe('accepted');
      expect(await reason(without)).toBe('audience_mismatch');
      expect(await reason(ofNameless)).toBe('accepted');
      expect(await reason(ofNobody)).toBe('client_not_allowed');
    }
  });

  it('an audience of the route is asked of the other alone, too', async () => {
    covers('E3');
    const options = { audience: 'https://route.test' };
    expect(await reason(raw.token(), options)).toBe('audience_mismatch');
    expect(await reason(raw.token({ payload: { aud: '"https://route.test"' } }), options)).toBe('accepted');
    expect(await reason(web.token({ payload: { aud: undefined } }), options)).toBe('accepted');
  });

  it('a guard with an audience lets the tokens of both in, and none of the other without it', async () => {
    covers('E3');
    const app = express();
    app.get('/', createGuard(verifier, { audience: 'https://route.test' })('read'), (_, res) => res.json({}));
    const server = await listen(createServer(app));
    onTestFinished(server.close);
    const statusOf = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await globalThis.fetch(`http://127.0.0.1:${server.port}/`, { headers })).status;
    };
    expect(await statusOf(raw.token({ payload: { aud: '"https://route.test"' } }))).toBe(200);
    expect(await statusOf(raw.token())).toBe(401);
    expect(await statusOf(raw.token({ payload: { aud: undefined } }))).toBe(401);
    expect(await statusOf(web.token({ payload: { aud: undefined } }))).toBe(200);
    expect(await statusOf(web.token({ payload: { aud: undefined, client_id: '"other"' } }))).toBe(401);
  });
});
