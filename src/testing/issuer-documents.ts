import { metadataUrls } from '../discovery/well-known.js';

/**
 * How an issuer can be down. `refuse`: no connection. `hang`: no response. `reset`: the connection breaks
 * in the middle of the response. `error`: 500. `html`: 200 with a page, as a proxy or captive portal gives.
 */
export type Outage = 'refuse' | 'hang' | 'reset' | 'error' | 'html';

/** How often the documents of an issuer were requested, outages included. */
export interface DocumentHits {
  metadata: number;
  jwks: number;
}

export interface DocumentResponse {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const JWKS_PATH = '/jwks';
const CAPTIVE_PORTAL: DocumentResponse = {
  status: 200,
  type: 'text/html',
  body: '<!doctype html><title>Sign in to the network</title>',
};
const ERROR: DocumentResponse = { status: 500, type: 'text/plain', body: 'Internal Server Error' };
const NOT_FOUND: DocumentResponse = { status: 404, type: 'text/plain', body: 'Not Found' };

/** The documents of a test issuer, for every transport. */
export class IssuerDocuments {
  readonly hits: DocumentHits = { metadata: 0, jwks: 0 };
  readonly #issuer: string;
  readonly #getJwks: () => object;
  outage: Outage | undefined;

  constructor(issuer: string, getJwks: () => object) {
    this.#issuer = issuer;
    this.#getJwks = getJwks;
  }

  get jwksUri(): string {
    return this.#issuer.replace(/\/$/, '') + JWKS_PATH;
  }

  /** Returns the response to a GET. Transports implement `refuse`, `hang` and `reset`. */
  answer(url: string): DocumentResponse {
    const response = this.#findDocument(url);
    if (this.outage === 'error') return ERROR;
    return this.outage === 'html' ? CAPTIVE_PORTAL : response;
  }

  resetHits(): void {
    this.hits.metadata = 0;
    this.hits.jwks = 0;
  }

  #findDocument(url: string): DocumentResponse {
    if (metadataUrls(this.#issuer).includes(url)) {
      this.hits.metadata += 1;
      return json({ issuer: this.#issuer, jwks_uri: this.jwksUri, id_token_signing_alg_values_supported: ['RS256'] });
    }
    if (url === this.jwksUri) {
      this.hits.jwks += 1;
      return json(this.#getJwks());
    }
    return NOT_FOUND;
  }
}

function json(document: object): DocumentResponse {
  return { status: 200, type: 'application/json', body: JSON.stringify(document) };
}
