import type { DiscoveredIssuer, JwksUriIssuer } from '../issuer/issuer-options.js';
import { url } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { optional } from '../options/readers.js';

export interface KubernetesOptions {
  /**
   * `--service-account-issuer` of the API server, to the letter: on a managed cluster a public URL, such as that of EKS.
   * @defaultValue `'https://kubernetes.default.svc.cluster.local'`
   */
  readonly issuer?: string;
  /**
   * Where the keys are, unless the issuer's metadata is to be fetched. Inside a cluster it is
   * `https://kubernetes.default.svc/openid/v1/jwks`, which wants the CA of the cluster, and a token of this server's own.
   * @defaultValue that of the metadata
   */
  readonly jwksUri?: string;
}

const IN_CLUSTER = 'https://kubernetes.default.svc.cluster.local';
const READERS = {
  issuer: optional(url(IN_CLUSTER)),
  jwksUri: optional(url('https://kubernetes.default.svc/openid/v1/jwks')),
} satisfies ReadersOf<KubernetesOptions>;

/**
 * Creates the issuer of the service accounts of a Kubernetes cluster: RS256 or ES256. Give pods a projected token with the
 * audience of the verifier (`serviceAccountToken` with `audience`). Without one, a token is for the API server, and must not
 * be accepted elsewhere. These tokens have no scopes; use claim policies, on `sub` or `kubernetes.io`.
 *
 * @example
 * ```ts
 * import { kubernetes } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: kubernetes({ issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF' }),
 *   audience: 'https://orders.example.com',
 * });
 * ```
 *
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
 * @see https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 * @throws {ConfigurationError}
 */
export function kubernetes(options: KubernetesOptions): DiscoveredIssuer | JwksUriIssuer {
  const { issuer = IN_CLUSTER, jwksUri } = readOptions(options, 'kubernetes', 'Call kubernetes({}).', READERS);

  return Object.freeze({
    issuer,
    algorithms: Object.freeze(['RS256', 'ES256'] as const),
    ...(jwksUri !== undefined && { jwksUri }),
  });
}
