import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { PEOPLE, SCOPES } from '../company.js';
import type { Interaction, Provider } from './oidc-provider.js';
import { consentPage, loginPage, messagePage, type Page, pageHeaders, renderPage, STYLE, STYLE_PATH } from './pages.js';
import type { PasswordCheck, Passwords } from './passwords.js';

const Answer = z.object({
  decision: z.enum(['allow', 'deny']),
  username: z.string().max(100).default(''),
  password: z.string().max(100).default(''),
});

const WISHES: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'Know your name',
  ...Object.assign({}, ...Object.values(SCOPES)),
};

/** The pages on which people sign in and consent. `provider` gives the one that is in use. */
export function createSignIn(provider: () => Provider, passwords: Passwords): Router {
  const router = Router();
  router.get(STYLE_PATH, (_, res) => {
    res.type('css').send(STYLE);
  });
  router.get('/interaction/:uid', async (req, res) => {
    const interaction = await provider().interactionDetails(req, res);
    const { uid, prompt, params, session } = interaction;
    const action = `/interaction/${uid}`;
    const { name = '' } = PEOPLE.find(({ username }) => username === session?.accountId) ?? {};
    const page =
      prompt.name === 'login' ? loginPage(action) : consentPage(action, params.client_id, name, wishesOf(interaction));
    show(res, 200, page, params.redirect_uri);
  });
  router.post('/interaction/:uid', express.urlencoded({ extended: false, limit: '4kb' }), async (req, res) => {
    const interaction = await provider().interactionDetails(req, res);
    const { decision, username, password } = Answer.parse(req.body);
    const finish = (result: object) =>
      provider().interactionFinished(req, res, result, { mergeWithLastSubmission: !('login' in result) });

    if (decision === 'deny') return finish({ error: 'access_denied', error_description: 'The person said no.' });
    if (interaction.prompt.name === 'consent') return finish({ consent: await grant(provider(), interaction) });
    const checked = await passwords.check(username, password);
    if (checked.outcome === 'good') return finish({ login: { accountId: username } });
    if (checked.outcome === 'refused') res.set('Retry-After', `${checked.retryAfterSeconds}`);
    const again = loginPage(`/interaction/${interaction.uid}`, { error: explain(checked), username });
    show(res, checked.outcome === 'refused' ? 429 : 403, again, interaction.params.redirect_uri);
  });
  router.use((error: Error, _: Request, res: Response, next: NextFunction) => {
    const isOver = error.name === 'SessionNotFound' || error instanceof z.ZodError;
    if (!isOver || res.headersSent) return next(error);
    show(res, 400, messagePage('This page is over', 'Go back to the app and sign in from there once more.'));
  });
  return router;
}

function show(res: Response, status: number, page: Page, redirectUri?: string): void {
  res.status(status).set(pageHeaders(redirectUri)).type('html').send(renderPage(page));
}

function explain(checked: PasswordCheck): string {
  if (checked.outcome !== 'refused') return 'This username and password do not fit. Try again.';
  const minutes = Math.ceil(checked.retryAfterSeconds / 60);
  return `Too many attempts. Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`;
}

/** What is new to the person: nobody is asked again for what was granted before. */
function wishesOf({ prompt: { details } }: Interaction): readonly string[] {
  const ofApis = Object.values(details.missingResourceScopes ?? {}).flat();
  const scopes = new Set([...(details.missingOIDCScope ?? []), ...ofApis]);
  return [...scopes].map((scope) => WISHES[scope] ?? scope);
}

/** Adds what the person has just allowed to what this app was granted before. */
async function grant(provider: Provider, { prompt, params, session, grantId }: Interaction): Promise<object> {
  const { missingOIDCScope = [], missingOIDCClaims = [], missingResourceScopes = {} } = prompt.details;
  const before = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const granted = before ?? new provider.Grant({ accountId: session?.accountId, clientId: params.client_id });
  if (missingOIDCScope.length > 0) granted.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims.length > 0) granted.addOIDCClaims(missingOIDCClaims);
  for (const [api, scopes] of Object.entries(missingResourceScopes)) granted.addResourceScope(api, scopes.join(' '));
  return { grantId: await granted.save() };
}
