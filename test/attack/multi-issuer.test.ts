import { describe, expect, it } from 'vitest';
import type { IssuerResolver } from '../../src/index.js';
import { type AuthorizationServer, NO_HITS } from '../support/authorization-server.js';
import { covers } from '../support/covers.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { useTestbed } from '../support/testbed.js';

const ONCE = { ...NO_HITS, metadata: 1, jwks: 1 };
const NEVER = NO_HITS;

describe('H: several issuers', () => {
  const testbed = useTestbed();

  /** Claims of one issuer, signed by another whose key has the same kid. */
  const forge = (claimed: AuthorizationServer, signer: AuthorizationServer) =>
    signer.token({ payload: { iss: JSON.stringify(claimed.issuer) } });

  it('CVE-2025-59936, CVE-2026-49998; RFC 8725 §3.8: the key of an issuer verifies no token of another that has the same kid', async () => {
    covers('H1');
    const [a, b] = [await testbed.openIssuer(), await testbed.openIssuer()];
    expect(a.jwk.kid).toBe(b.jwk.kid);
    const api = await testbed.startApi();
    for (let round = 0; round < 2; round += 1) {
      for (const [claimed, signer] of [
        [a, b],
        [b, a],
        [a, b],
      ] as const) {
        expect(await api.ask(forge(claimed, signer))).toBe('signature_invalid');
        expect(await api.ask(forge(claimed, claimed))).toBe('accepted');
        expect(await api.ask(forge(claimed, signer))).toBe('signature_invalid');
      }
    }
    expect([a.hits, b.hits]).toEqual([ONCE, ONCE]);
  });

  it('CVE-2025-59936: names of issuer and kid that make one text together are still two', async () => {
    covers('H1');
    const clock = (await testbed.openIssuer()).clock.now;
    const [a, b] = [
      new RawIssuer({ issuer: 'https://issuer.test/a', kid: 'b' }),
      new RawIssuer({ issuer: 'https://issuer.test/', kid: 'ab' }),
    ];
    const issuer = [a.verifierOptions.issuer, b.verifierOptions.issuer];
    const api = await testbed.startApi({ verifier: { issuer, clock } });
    const inTheNameOfA = { iss: '"https://issuer.test/a"' };
    for (let round = 0; round < 2; round += 1) {
      expect(await api.ask(b.token())).toBe('accepted');
      expect(await api.ask(b.token({ payload: inTheNameOfA, header: { kid: '"b"' } }))).toBe('signature_invalid');
      expect(await api.ask(b.token({ payload: inTheNameOfA }))).toBe('unknown_key');
      expect(await api.ask(a.token())).toBe('accepted');
    }
  });

  it('an issuer whose keys cannot be had takes nothing from another, and nothing away', async () => {
    covers('H1');
    const [a, b] = [await testbed.openIssuer(), await testbed.openIssuer()];
    const api = await testbed.startApi();
    b.answerJwks = (res) => res.writeHead(500).end();
    expect(await api.ask(a.token())).toBe('accepted');
    expect(await api.ask(forge(b, a))).toBe('keys_unavailable');
    expect(await api.ask(a.token())).toBe('accepted');
    b.recover();
    a.clock.advance(2);
    expect(await api.ask(forge(b, a))).toBe('signature_invalid');
    expect(await api.ask(b.token())).toBe('accepted');
    expect(a.hits).toEqual(ONCE);
  });

  const NAMES: readonly (readonly [name: string, iss: (issuer: AuthorizationServer, decoy: string) => unknown])[] = [
    ['another server', (_, decoy) => decoy],
    ['a trailing slash', ({ issuer }) => `${issuer}/`],
    ['another scheme', ({ issuer }) => issuer.replace('http:', 'https:')],
    ['the scheme in upper case', ({ issuer }) => issuer.replace('http:', 'HTTP:')],
    ['another spelling of the host', ({ issuer }) => issuer.replace('127.0.0.1', '127.1')],
    ['the host as one number', ({ issuer }) => issuer.replace('127.0.0.1', '2130706433')],
    ['the host in IPv6', ({ issuer }) => issuer.replace('127.0.0.1', '[::ffff:127.0.0.1]')],
    ['the host in full width', ({ issuer }) => issuer.replace('127', '\uff11\uff12\uff17')],
    ['a user name', ({ issuer }, decoy) => `${issuer}@${decoy.slice('http://'.length)}`],
    ['the trusted one as user name', ({ issuer }) => issuer.replace('http://', 'http://user@')],
    ['a path', ({ issuer }) => `${issuer}/tenant`],
    ['a path that goes nowhere', ({ issuer }) => `${issuer}/.`],
    ['an escaped slash', ({ issuer }) => `${issuer}%2F`],
    ['a query', ({ issuer }) => `${issuer}?`],
    ['a fragment', ({ issuer }) => `${issuer}#`],
    ['space around it', ({ issuer }) => ` ${issuer}`],
    ['a newline after it', ({ issuer }) => `${issuer}\n`],
    ['a NUL after it', ({ issuer }) => `${issuer}\0`],
    ['two names', ({ issuer }, decoy) => `${issuer} ${decoy}`],
    ['a file', () => 'file:///etc/passwd'],
    ['the metadata service of a cloud', () => 'http://169.254.169.254'],
    ['__proto__', () => '__proto__'],
    ['an empty text', () => ''],
  ];

  it.each(NAMES)(
    'CVE-2026-32301, CVE-2024-53861; RFC 7519 §4.1.1: an iss that is %s is not trusted, and nobody is asked',
    async (_, iss) => {
      covers('H2', 'H3');
      const [issuer, decoy] = [await testbed.openIssuer(), await LoopbackServer.start()];
      const api = await testbed.startApi();
      const token = issuer.token({ payload: { iss: JSON.stringify(iss(issuer, decoy.origin)) } });
      expect(await api.ask(token)).toBe('issuer_not_trusted');
      expect(issuer.hits).toEqual(NEVER);
      expect(await api.ask(issuer.token())).toBe('accepted');
      expect(await api.ask(token)).toBe('issuer_not_trusted');
      expect(issuer.hits).toEqual(ONCE);
      expect(decoy.paths).toEqual([]);
    },
  );

  it.each([
    ['missing', undefined, 'claim_missing'],
    ['null', 'null', 'claim_malformed'],
    ['a number', '1', 'claim_malformed'],
    ['an object', '{}', 'claim_malformed'],
    ['the trusted name in a list', 'list', 'claim_malformed'],
  ] as const)('an iss that is %s stands for nobody', async (_, iss, reason) => {
    covers('H2');
    const issuer = await testbed.openIssuer();
    const api = await testbed.startApi();
    const token = issuer.token({ payload: { iss: iss === 'list' ? JSON.stringify([issuer.issuer]) : iss } });
    expect(await api.ask(token)).toBe(reason);
    expect(issuer.hits).toEqual(NEVER);
    expect(await api.ask(issuer.token())).toBe('accepted');
    expect(await api.ask(token)).toBe(reason);
    expect(issuer.hits).toEqual(ONCE);
  });

  describe('that a resolver knows', () => {
    async function open(others: (iss: string) => ReturnType<IssuerResolver>) {
      const issuer = await testbed.openIssuer();
      const [asked, fetched]: [string[], string[]] = [[], []];
      const resolver: IssuerResolver = (iss) => {
        asked.push(iss);
        return iss === issuer.issuer ? { issuer: iss, dangerouslyAllowInsecureHttp: true } : others(iss);
      };
      const api = await testbed.startApi({
        verifier: {
          issuer: resolver,
          dangerouslyAllowInsecureHttp: false,
          fetch: (input, init) => {
            fetched.push(new URL(String(input)).origin);
            return fetch(input, init);
          },
        },
      });
      const as = (iss: string) => issuer.token({ payload: { iss: JSON.stringify(iss) } });
      return { issuer, api, asked, fetched, as };
    }

    const PRIVATE_PLACES = [
      'http://169.254.169.254/latest/meta-data',
      'https://169.254.169.254',
      'https://2852039166',
      'https://0xa9fea9fe',
      'https://[::ffff:169.254.169.254]',
      'https://[::1]:8443',
      'https://[2002:a9fe:a9fe::]',
      'https://[64:ff9b::a9fe:a9fe]',
      'https://10.0.0.1:6443',
      'https://localhost:2375',
      'https://127.0.0.1.rebind.test',
      'https://kubernetes.default.svc',
      'https://issuer.test.evil.test',
    ];

    it.each(PRIVATE_PLACES)(
      'CVE-2026-41413, CVE-2026-44430; RFC 8725 §3.10: a token that names %s makes nobody ask there',
      async (iss) => {
        covers('H3');
        const { issuer, api, asked, fetched, as } = await open(() => undefined);
        expect(await api.ask(as(iss))).toBe('issuer_not_trusted');
        expect(await api.ask(issuer.token())).toBe('accepted');
        expect(await api.ask(as(iss))).toBe('issuer_not_trusted');
        // The resolver said no, which stands for a while.
        expect(asked).toEqual([iss, issuer.issuer]);
        expect(fetched).toEqual([issuer.issuer, issuer.issuer]);
      },
    );

    it.each([
      'http://169.254.169.254',
      'http://issuer.test',
      'https://user@issuer.test',
      'https://user:password@issuer.test',
      'https://issuer.test?x=1',
      'https://issuer.test/#x',
      'https:\\\\issuer.test',
      'https:issuer.test',
      ' https://issuer.test',
      'https://issuer.test\n',
      'https://issuer\t.test',
      'ftp://issuer.test',
      'file:///etc/passwd',
      'data:application/json,{}',
      'urn:example:issuer',
      'issuer.test',
    ])('a resolver that trusts every name does not make anybody ask at %j', async (iss) => {
      covers('H3');
      const { issuer, api, fetched, as } = await open((name) => ({ issuer: name }));
      expect(await api.ask(as(iss))).toBe('issuer_resolver_failed');
      expect(fetched).toEqual([]);
      expect(await api.ask(issuer.token())).toBe('accepted');
      expect(await api.ask(as(iss))).toBe('issuer_resolver_failed');
      expect(fetched).toEqual([issuer.issuer, issuer.issuer]);
    });

    it('a resolver that answers with another issuer than it was asked for lends nobody its keys', async () => {
      covers('H3');
      const { issuer, api, fetched, as } = await open(() => ({ issuer: issuer.issuer }));
      expect(await api.ask(issuer.token())).toBe('accepted');
      expect(await api.ask(as('https://other.test'))).toBe('issuer_resolver_failed');
      expect(await api.ask(issuer.token())).toBe('accepted');
      expect(fetched).toEqual([issuer.issuer, issuer.issuer]);
    });
  });
});
