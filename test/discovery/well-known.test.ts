import { describe, expect, it } from 'vitest';
import { metadataUrls } from '../../src/discovery/well-known.js';

describe('metadataUrls', () => {
  it.each([
    [
      'https://example.com',
      'https://example.com/.well-known/openid-configuration',
      'https://example.com/.well-known/oauth-authorization-server',
    ],
    [
      'https://example.com/',
      'https://example.com/.well-known/openid-configuration',
      'https://example.com/.well-known/oauth-authorization-server',
    ],
    [
      'https://example.com/issuer1',
      'https://example.com/issuer1/.well-known/openid-configuration',
      'https://example.com/.well-known/oauth-authorization-server/issuer1',
    ],
    [
      'https://example.com/issuer1/',
      'https://example.com/issuer1/.well-known/openid-configuration',
      'https://example.com/.well-known/oauth-authorization-server/issuer1',
    ],
    [
      'https://example.com:8443/realms/main',
      'https://example.com:8443/realms/main/.well-known/openid-configuration',
      'https://example.com:8443/.well-known/oauth-authorization-server/realms/main',
    ],
  ])('OpenID Connect Discovery §4, RFC 8414 §3.1: the metadata of %s stands at %s or %s', (issuer, openid, oauth) => {
    expect(metadataUrls(issuer)).toEqual([openid, oauth]);
  });
});
