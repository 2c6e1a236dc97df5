import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

const OIDC_PROVIDER: string = 'oidc-provider';
const MEMORY_STORE: string = 'oidc-provider/lib/adapters/memory_adapter.js';

/** What a page has to ask a person for, and for whom. */
export interface Interaction {
  readonly uid: string;
  readonly prompt: {
    readonly name: string;
    readonly details: {
      readonly missingOIDCScope?: readonly string[];
      readonly missingOIDCClaims?: readonly string[];
      readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
    };
  };
  readonly params: { readonly client_id: string; readonly redirect_uri: string };
  readonly session?: { readonly accountId: string };
  readonly grantId?: string;
}

export interface Grant {
  addOIDCScope(scope: string): void;
  addOIDCClaims(claims: readonly string[]): void;
  addResourceScope(resource: string, scope: string): void;
  save(): Promise<string>;
}

/** The part of oidc-provider that is used here; it has no types of its own. */
export interface Provider {
  readonly Grant: {
    new (of: { accountId: string | undefined; clientId: string }): Grant;
    find(id: string): Promise<Grant | undefined>;
  };
  callback(): RequestListener;
  on(event: 'server_error', listener: (ctx: unknown, error: Error) => void): void;
  interactionDetails(req: IncomingMessage, res: ServerResponse): Promise<Interaction>;
  interactionFinished(
    req: IncomingMessage,
    res: ServerResponse,
    result: object,
    options: { mergeWithLastSubmission: boolean },
  ): Promise<void>;
}

interface OidcProvider {
  readonly Provider: new (issuer: string, configuration: object) => Provider;
  readonly errors: OidcErrors;
}

export interface OidcErrors {
  readonly InvalidTarget: new (description: string) => Error;
}

const KNOWN_WARNING = 'Unsupported runtime.';

/** Creates a memory for sessions, grants and tokens, as oidc-provider has one for each provider. Several can share it. */
export async function createMemoryStore(): Promise<unknown> {
  const { createMemoryAdapter } = await import(MEMORY_STORE);
  return createMemoryAdapter();
}

/** Creates a provider without the warning of older Node.js, where it works. */
export async function createProvider(issuer: string, configure: (errors: OidcErrors) => object): Promise<Provider> {
  const { warn } = console;
  console.warn = (...told: unknown[]) => {
    if (!String(told[0]).includes(KNOWN_WARNING)) warn(...told);
  };
  try {
    const { Provider, errors }: OidcProvider = await import(OIDC_PROVIDER);
    return new Provider(issuer, configure(errors));
  } finally {
    console.warn = warn;
  }
}
