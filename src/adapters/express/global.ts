import type { AccessToken } from '../../protocol/access-token.js';
import type { RegisterClaims } from '../../protocol/register.js';

/**
 * Opt-in: `import 'scopegate/global'` types `req.auth` of every Express request. It is optional: types
 * do not know whether a guard ran. Do not use it with another package that types `req.auth`.
 */
declare global {
  namespace Express {
    interface Request {
      auth?: AccessToken<RegisterClaims> | undefined;
    }
  }
}
