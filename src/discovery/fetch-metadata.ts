import { type FetchedJson, FetchFailure, type JsonDocument } from '../platform/fetch-json.js';
import { findUrlProblem } from '../protocol/fetchable-url.js';
import { quoteUntrusted } from '../protocol/refusal.js';
import { withoutSlashAndCase } from '../protocol/without-slash.js';

/** The members of authorization server metadata that scopegate uses (RFC 8414 §2). */
export interface AuthorizationServerMetadata {
  /** Where the document was. */
  readonly url: string;
  readonly jwksUri: string | undefined;
  readonly introspectionEndpoint: string | undefined;
  readonly userInfoEndpoint: string | undefined;
}

/** Where the metadata of an issuer is. */
export interface DiscoveryOptions {
  readonly issuer: string;
  /** Fetched in turn, the next one only if the one before is not there. */
  readonly urls: readonly string[];
  readonly allowInsecureHttp: boolean;
}

export type FetchDocument = (url: string) => Promise<FetchedJson>;

/**
 * Fetches the metadata of an issuer. Its `issuer` member must equal ours to the letter, or none of it is used.
 *
 * @see RFC 8414 §3.3, OpenID Connect Discovery §4.3
 * @throws {FetchFailure}
 */
export async function fetchMetadata(
  { issuer, urls, allowInsecureHttp }: DiscoveryOptions,
  fetchDocument: FetchDocument,
): Promise<AuthorizationServerMetadata> {
  if (urls.length === 0) throw new FetchFailure(`${quoteUntrusted(issuer)} is no https URL, and so has no metadata`);
  const { url, document } = await fetchFirst(urls, fetchDocument);
  if (document['issuer'] !== issuer) throw new FetchFailure(describeMismatch(url, issuer, document['issuer']));

  const urlOf = (name: string) => {
    const value = document[name];
    // In its normal form, it holds printable ASCII alone.
    return isFetchable(value, allowInsecureHttp) ? new URL(value).href : undefined;
  };
  return {
    url,
    jwksUri: urlOf('jwks_uri'),
    introspectionEndpoint: urlOf('introspection_endpoint'),
    userInfoEndpoint: urlOf('userinfo_endpoint'),
  };
}

/** Checks that the metadata names an endpoint. @throws {FetchFailure} */
export function requireEndpoint(url: string, name: string, endpoint: string | undefined): string {
  if (endpoint !== undefined) return endpoint;
  throw new FetchFailure(`${url} has no ${name} that is an https URL`);
}

async function fetchFirst(
  urls: readonly string[],
  fetchDocument: FetchDocument,
): Promise<{ url: string; document: JsonDocument }> {
  const failures: FetchFailure[] = [];
  for (const url of urls) {
    try {
      const { document = {} } = await fetchDocument(url);
      return { url, document };
    } catch (error) {
      // No HTTP status: the document may exist there. Do not try the next URL.
      if (!(error instanceof FetchFailure) || error.status === undefined) throw error;
      failures.push(error);
    }
  }
  throw new FetchFailure(failures.map((failure) => failure.message).join('; '));
}

function describeMismatch(url: string, ours: string, theirs: unknown): string {
  let hint = '';
  if (typeof theirs === 'string' && withoutSlashAndCase(theirs) === withoutSlashAndCase(ours)) {
    hint = ' (they differ only by case or a trailing slash)';
  }
  return `${url} has the issuer ${quoteUntrusted(theirs)}, not ${quoteUntrusted(ours)}${hint}`;
}

/** Whether documents may be fetched from a URL. */
export function isFetchable(url: unknown, allowInsecureHttp: boolean): url is string {
  return findUrlProblem(url, allowInsecureHttp) === undefined;
}
