import { describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import { HOSTED_PROVIDERS } from '../support/hosted-providers.js';
import { ProviderIssuer } from '../support/provider-issuer.js';
import type { TokenShape } from '../support/provider-tokens.js';
import { reasonOfCall } from '../support/reason-of.js';
import { SELF_HOSTED_PROVIDERS } from '../support/self-hosted-providers.js';

const PROFILES = ['jwt', 'rfc9068'] as const;

/** Takes marks apart, each on its own. */
function each({ header, claims }: TokenShape): readonly (readonly [string, TokenShape])[] {
  return [
    ...Object.entries(header).map(
      ([name, value]) => [`the header ${name} ${value}`, { header: { [name]: value }, claims: {} }] as const,
    ),
    ...Object.entries(claims).map(
      ([name, value]) => [`the claim ${name}`, { header: {}, claims: { [name]: value } }] as const,
    ),
  ];
}

function overlay(shape: TokenShape, { header, claims }: TokenShape): TokenShape {
  return { header: { ...shape.header, ...header }, claims: { ...shape.claims, ...claims } };
}

/** Whether a mark tells nothing of an access token that says what it is, or names a client, a scope or a role. */
function isIdle({ header, claims }: TokenShape, mark: TokenShape): boolean {
  const [name] = Object.keys(mark.claims);
  if (name === undefined) return false;
  const words = [claims['typ'], claims['token_use'], claims['tokenName'], claims['purpose']];
  const isDeclared = words.some((word) => ['Bearer', 'access', 'access_token'].includes(word as string));
  if (header['typ'] === 'at+jwt') return true;
  const grants = ['azp', 'appid', 'client_id', 'cid', 'scope', 'scp', 'uid', 'roles', 'permissions', 'realm_access'];
  if (name === 'nonce') return isDeclared || grants.some((claim) => claims[claim] !== undefined);
  return name === 'at_hash' && isDeclared;
}

const PROVIDERS = [...HOSTED_PROVIDERS, ...SELF_HOSTED_PROVIDERS].map((tokens) => [tokens.provider, tokens] as const);

describe.each(PROVIDERS)('the tokens of %s', (_provider, tokens) => {
  const { access, seen, rfc9068, foreign } = tokens;
  const issuer = new ProviderIssuer(tokens);

  it("profile 'jwt' accepts an access token, and tells what it says", async () => {
    const { subject, clientId, scopes, audience } = await issuer.verify(access, 'jwt');
    expect({ subject, clientId, scopes, audience }).toEqual(seen);
  });

  it(`RFC 9068 §2: what profile 'rfc9068' makes of an access token: ${rfc9068}`, async () => {
    expect(await reasonOfCall(issuer.verify(access, 'rfc9068'))).toBe(rfc9068);
  });

  if (foreign.length === 0) return;

  it.each(foreign.flatMap((token) => PROFILES.map((profile) => [profile, token.kind, token.shape] as const)))(
    'RFC 8725 §3.12: profile %s refuses the %s, though it is meant for this server',
    async (profile, _kind, shape) => {
      covers('G1', 'G2');
      expect(await reasonOfCall(issuer.verify(access, 'jwt'))).toBe('accepted');
      const aimed = issuer.aimedAtServer(shape);
      expect(await reasonOfCall(issuer.verify(aimed, profile))).toBe('token_type_not_allowed');
    },
  );

  it.each(foreign.flatMap(({ kind, marks }) => each(marks).map(([name, mark]) => [kind, name, mark] as const)))(
    'an access token with nothing of the %s but %s is refused, unless that tells nothing beside what it says',
    async (_kind, _name, mark) => {
      covers('G4');
      const outcome = isIdle(access, mark) ? 'accepted' : 'token_type_not_allowed';
      expect(await reasonOfCall(issuer.verify(access, 'jwt'))).toBe('accepted');
      expect(await reasonOfCall(issuer.verify(overlay(access, mark), 'jwt'))).toBe(outcome);
    },
  );
});
