import { createServer } from 'node:http';
import type expressModule from 'express';
import { type AccessToken, createGuard } from '../../../src/index.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { listen } from '../../support/listen.js';
import { type ContractRoute, describeAdapterContract, type StartAdapter } from '../contract.js';

function startExpress(express: typeof expressModule): StartAdapter {
  return ({ verifier, onRefusal, routes }) => {
    const guard = createGuard(verifier, { onRefusal });
    const app = express();
    const guardsOf = ({ access, policy }: ContractRoute) => {
      if (access === 'unguarded') return [];
      return [access === 'guarded' ? guard(policy) : guard.optional(policy)];
    };
    for (const route of routes) {
      app.get(route.path, ...guardsOf(route), (req, res) => {
        const { auth } = req as { readonly auth?: AccessToken<unknown> };
        res.json(route.respond(auth));
      });
    }
    return listen(createServer(app));
  };
}

for (const [version, express] of EXPRESS_VERSIONS) describeAdapterContract(version, startExpress(express));
