import { type Channel, channel } from 'node:diagnostics_channel';
import type { RefusalReason } from '../protocol/refusal.js';

/**
 * The messages that scopegate publishes with `node:diagnostics_channel`, by channel. `issuer` is the issuer
 * identifier. No message holds a token.
 */
export interface DiagnosticsMessages {
  /** A fetch of a document ended. */
  'scopegate:fetch': {
    readonly issuer: string;
    readonly document: 'metadata' | 'jwks';
    readonly url: string;
    /** `not-modified`: the server answered 304. */
    readonly outcome: 'ok' | 'not-modified' | 'failed';
    readonly error: string | undefined;
  };
  /** A fetch of the key set begins. */
  'scopegate:refresh': {
    readonly issuer: string;
    /**
     * `empty`: there are no usable keys. `age`: they are past their age. `unknown-kid`: a token names another.
     * `retry`: the last fetch failed, and they are not past their age. `asked`: `refresh()`.
     */
    readonly cause: 'empty' | 'age' | 'unknown-kid' | 'retry' | 'asked';
  };
  /** A refresh changed the key set. Keys without `kid` are listed as undefined. */
  'scopegate:rotation': {
    readonly issuer: string;
    readonly added: readonly (string | undefined)[];
    readonly removed: readonly (string | undefined)[];
  };
  /** A member of the key set cannot be used. Published once for each member, for as long as it is there. */
  'scopegate:skipped-key': { readonly issuer: string; readonly index: number; readonly why: string };
  /** Keys past their age verify a token, since the issuer cannot be reached. */
  'scopegate:stale-use': { readonly issuer: string; readonly ageSeconds: number };
  /** A refresh failed. The next one starts after `seconds`. */
  'scopegate:back-off': {
    readonly issuer: string;
    readonly failures: number;
    readonly seconds: number;
    readonly error: string;
  };
  /** A guard or `verifier.authenticate` accepted or refused a request. */
  'scopegate:decision': {
    /** Why the request was refused; undefined if it was accepted. */
    readonly reason: RefusalReason | undefined;
    /** The issuer of the accepted token; undefined for a refusal. */
    readonly issuer: string | undefined;
    readonly clientId: string | undefined;
    /** `granted`: the scopes of the token. `needed`: those of them that the policy of the route needed. */
    readonly granted: readonly string[];
    readonly needed: readonly string[];
  };
  /** A token was introspected. */
  'scopegate:introspection': {
    readonly issuer: string;
    readonly outcome: 'active' | 'inactive' | 'failed';
    readonly error: string | undefined;
  };
  /** A token names a key that the issuer does not have. */
  'scopegate:unknown-kid': {
    readonly issuer: string;
    readonly kid: string | undefined;
    /**
     * Why the key set was not fetched for it; undefined if it was. `issued-before`: the set in use was fetched well after
     * the token was issued. `limit`: too many were fetched lately.
     */
    readonly notAskedBecause: 'issued-before' | 'implausible' | 'asked-before' | 'limit' | undefined;
  };
}

/** The name of a channel, for `diagnostics_channel.subscribe(name, listener)`. */
export type DiagnosticsChannel = keyof DiagnosticsMessages;

const CHANNELS: Readonly<Record<DiagnosticsChannel, Channel>> = {
  'scopegate:fetch': channel('scopegate:fetch'),
  'scopegate:refresh': channel('scopegate:refresh'),
  'scopegate:rotation': channel('scopegate:rotation'),
  'scopegate:skipped-key': channel('scopegate:skipped-key'),
  'scopegate:stale-use': channel('scopegate:stale-use'),
  'scopegate:back-off': channel('scopegate:back-off'),
  'scopegate:decision': channel('scopegate:decision'),
  'scopegate:introspection': channel('scopegate:introspection'),
  'scopegate:unknown-kid': channel('scopegate:unknown-kid'),
};

/** Whether the channel has subscribers. */
export function isObserved(name: DiagnosticsChannel): boolean {
  return CHANNELS[name].hasSubscribers;
}

/** Publishes a message. Builds it only if the channel has subscribers. */
export function publish<Name extends DiagnosticsChannel>(name: Name, build: () => DiagnosticsMessages[Name]): void {
  const target = CHANNELS[name];
  if (target.hasSubscribers) target.publish(build());
}
