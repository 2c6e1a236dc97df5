export { type Auth0Options, auth0 } from './auth0.js';
export { type CognitoOptions, cognito } from './cognito.js';
export { type DjangoOAuthToolkitOptions, djangoOAuthToolkit } from './django-oauth-toolkit.js';
export { type DjangoOidcProviderOptions, djangoOidcProvider } from './django-oidc-provider.js';
export { type EntraOptions, entra } from './entra.js';
export { type GoogleOptions, google } from './google.js';
export { type KeycloakOptions, keycloak } from './keycloak.js';
export { type OktaOptions, okta } from './okta.js';
