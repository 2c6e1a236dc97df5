import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';

// The two well-known places, with what stands before them and behind.
const METADATA = /^(https?:\/\/[^/]+)(.*)\/\.well-known\/(?:openid-configuration|oauth-authorization-server)(\/?.*)$/i;
const KEY_SET = /^https?:.*\/(?:jwks(?:\.json)?|jwk|certs)\/?$/i;

/** Refuses the URL of a document in place of the name of an issuer. @throws {ConfigurationError} */
export function refuseDocumentUrl(issuer: string, path: string): void {
  const [, origin, before = '', behind = ''] = METADATA.exec(issuer) ?? [];
  if (origin !== undefined) {
    const named = describeValue(`${origin}${before}${behind === '/' ? '' : behind}`);
    const fix = `Give the issuer that stands in that document, probably ${named}. Where it is elsewhere, give { issuer, metadataUrl }.`;
    throw new ConfigurationError(path, `${describeValue(issuer)} is the URL of metadata.`, fix);
  }
  if (!KEY_SET.test(issuer)) return;
  const fix = 'Give it as jwksUri, beside the name of the issuer: { issuer, jwksUri }.';
  throw new ConfigurationError(path, `${describeValue(issuer)} looks like the URL of a key set.`, fix);
}

/** Refuses the URL of metadata as `jwksUri`, and that of a key set as `metadataUrl`. @throws {ConfigurationError} */
export function refuseOtherDocument(url: unknown, option: 'jwksUri' | 'metadataUrl', path: string): void {
  if (typeof url !== 'string') return;
  if (option === 'jwksUri' && METADATA.test(url)) {
    throw new ConfigurationError(path, `${describeValue(url)} is the URL of metadata.`, 'Give it as metadataUrl.');
  }
  if (option === 'metadataUrl' && /\/jwks\.json\/?$/i.test(url)) {
    throw new ConfigurationError(path, `${describeValue(url)} is the URL of a key set.`, 'Give it as jwksUri.');
  }
}
