import { allowInsecureRequests } from 'oauth4webapi';

/** For the demonstration alone: its servers have no TLS. */
export const INSECURE = { [allowInsecureRequests]: true } as const;
