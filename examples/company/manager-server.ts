import express, { type Express } from 'express';
import { allOf, authOf, claim, createGuard } from 'scopegate';
import { z } from 'zod';
import { addAccessRoute } from './access-report.js';
import { MANAGER_API, PEOPLE } from './company.js';
import { type ApiSettings, addJsonErrors, createJsonApp, logRefusals } from './json-api.js';

interface Invitation {
  readonly tenant: string;
  readonly email: string;
  readonly invitedBy: string | undefined;
}

const InvitationInput = z.strictObject({ email: z.email('must be an address such as name@company.example').max(254) });
const MOST_INVITATIONS = 1000;

/** Who works at the company that the caller belongs to. Another audience than the orders API, the same verifier. */
export function createManagerServer({ verifier, counts, dashboardOrigin, log }: ApiSettings): Express {
  const guard = createGuard(verifier, { audience: MANAGER_API, onRefusal: logRefusals(log) });
  const app = createJsonApp(dashboardOrigin);
  const invitations: Invitation[] = [];

  app.get('/health', guard.public(), (_, res) => {
    res.json({ status: 'up' });
  });
  app.get(
    '/staff',
    guard('staff:read', (req, res) => {
      const { tenant } = req.auth.claims;
      const staff = PEOPLE.filter((person) => person.tenant === tenant).map(({ name, roles }) => ({ name, roles }));
      const invited = invitations.filter((one) => one.tenant === tenant).map(({ email }) => email);
      res.json({ staff, invited });
    }),
  );
  const mayInvite = guard(allOf('staff:invite', claim('roles').includes('admin')));
  app.post('/staff/invitations', mayInvite, express.json({ limit: '16kb' }), (req, res) => {
    const { claims, subject } = authOf(req, guard);
    const { email } = InvitationInput.parse(req.body);
    invitations.push({ tenant: claims.tenant, email, invitedBy: subject });
    if (invitations.length > MOST_INVITATIONS) invitations.shift();
    res.status(201).json({ email });
  });

  addAccessRoute(app, guard, () => counts.report(verifier));
  addJsonErrors(app, log);
  return app;
}
