import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { DashboardSettings } from '../settings.js';
import { Api } from './api.js';
import type { Session } from './session.js';
import { beginSignIn } from './sign-in.js';
import { recall } from './tab-storage.js';

/** What every page of a person who is signed in works with. */
export class Desk {
  readonly settings: DashboardSettings;
  readonly session: Session;
  readonly orders: Api;
  readonly manager: Api;

  constructor(settings: DashboardSettings, session: Session) {
    this.settings = settings;
    this.session = session;
    this.orders = new Api(settings.orders, session);
    this.manager = new Api(settings.manager, session);
  }

  /** Says what a scope is for, as the consent page does. */
  readonly wishOf = (scope: string): string => wishOf(this.settings, scope);

  /**
   * Goes to the sign-in pages and comes back to this page: for more scopes, or to sign in again with the ones before.
   *
   * @param scope - those that are new
   * @throws {Problem}
   */
  async askFor(scope = ''): Promise<void> {
    const known = recall('signed-in') ?? this.settings.firstScope;
    const scopes = new Set([...known.split(' '), ...this.session.scopes, ...scope.split(' ').filter(Boolean)]);
    await beginSignIn(this.settings, { scope: [...scopes].join(' '), page: location.pathname });
  }
}

export function wishOf({ orders, manager }: DashboardSettings, scope: string): string {
  return orders.scopes[scope] ?? manager.scopes[scope] ?? scope;
}

export const DeskContext = createContext<Desk | undefined>(undefined);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === undefined) throw new Error('no desk: this is shown to people who are signed in');
  return desk;
}
