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
  /** Fetched in turn, the next one only if the one before answered with something else than the metadata of the issuer. */
  readonly urls: readonly string[];
  readonly allowInsecureHttp: boolean;
}

export type FetchDocument = (url: string) => Promise<FetchedJson>;

/** What came from one of the places of the metadata. */
export interface MetadataAttempt {
  readonly url: string;
  /** Why it is not used; undefined if it is. */
  readonly error: string | undefined;
}

/**
 * Fetches the metadata of an issuer. Its `issuer` member must equal ours to the letter, or none of it is used. After an
 * answer of another kind the next place is tried, since a server may have one document and something else at the other
 * place. `onAttempt` is told what came from each.
 *
 * @see RFC 8414 §3.3, OpenID Connect Discovery §4.3
 * @throws {FetchFailure}
 */
export async function fetchMetadata(
  discovery: DiscoveryOptions,
  fetchDocument: FetchDocument,
  onAttempt: (attempt: MetadataAttempt) => void = () => {},
): Promise<AuthorizationServerMetadata> {
  const { issuer, urls, allowInsecureHttp } = discovery;
  if (urls.length === 0) throw new FetchFailure(`${quoteUntrusted(issuer)} is no https URL, and so has no metadata`);
  const { url, document } = await fetchFirst(discovery, fetchDocument, onAttempt);

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
  { issuer, urls }: DiscoveryOptions,
  fetchDocument: FetchDocument,
  onAttempt: (attempt: MetadataAttempt) => void,
): Promise<{ url: string; document: JsonDocument }> {
  const problems: string[] = [];
  for (const url of urls) {
    try {
      const document = await fetchOf(issuer, url, fetchDocument);
      onAttempt({ url, error: undefined });
      return { url, document };
    } catch (error) {
      const { message, status } = error as FetchFailure;
      onAttempt({ url, error: message });
      // There was no answer: the document may be there. The next place must not decide in its stead.
      if (status === undefined) throw error;
      problems.push(message);
    }
  }
  throw new FetchFailure(problems.join('; '));
}

/** Fetches the document at one place, which must name the issuer. @throws {FetchFailure} */
async function fetchOf(issuer: string, url: string, fetchDocument: FetchDocument): Promise<JsonDocument> {
  const { document = {} } = await fetchDocument(url);
  if (document['issuer'] === issuer) return document;
  throw new FetchFailure(describeMismatch(url, issuer, document['issuer']), { status: 200 });
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
