/** One API, as the dashboard calls it. */
export interface CalledApi {
  /** Where it listens. */
  readonly origin: string;
  /** Who its tokens are meant for (`aud`): the `resource` of RFC 8707. */
  readonly audience: string;
  /** What can be granted for it, and how the consent page says it. */
  readonly scopes: Readonly<Record<string, string>>;
}

/** What the pages of the dashboard need to know. There is no secret in it: every visitor can read it. */
export interface DashboardSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** What is asked for at first, separated by spaces. */
  readonly firstScope: string;
  readonly orders: CalledApi;
  readonly manager: CalledApi;
}
