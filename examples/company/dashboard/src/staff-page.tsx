import { useCallback, useState } from 'preact/hooks';
import type { Staff } from './answers.js';
import { useDesk } from './desk.js';
import { Field } from './field.js';
import { LoadedPart, Lock, Page } from './page.js';
import { ProblemNotice } from './problem-notice.js';
import { useDraft } from './use-draft.js';
import { useDeed, useLoad } from './use-load.js';

/** Who works at the company, from the manager server: another audience, so another token. */
export function StaffPage() {
  const { manager } = useDesk();
  const load = useCallback((signal: AbortSignal) => manager.get<Staff>('/staff', signal), [manager]);
  const loaded = useLoad(load);
  return (
    <Page title="Staff" intro="Who works at your company, and who is invited.">
      <LoadedPart loaded={loaded}>
        {({ staff, invited }) => (
          <>
            <ul class="cards">
              {staff.map(({ name, roles }) => (
                <li class="card person" key={name}>
                  <h2>{name}</h2>
                  <p class="badge">{roles.join(', ')}</p>
                </li>
              ))}
              {invited.map((email) => (
                <li class="card person" key={email}>
                  <h2>{email}</h2>
                  <p class="badge badge-invited">invited</p>
                </li>
              ))}
            </ul>
            <Invitation onInvited={loaded.reload} />
          </>
        )}
      </LoadedPart>
    </Page>
  );
}

const EMPTY = { email: '' };

function Invitation({ onInvited }: { readonly onInvited: () => void }) {
  const { manager, session } = useDesk();
  const { draft, change, clear } = useDraft('invitation-draft', EMPTY);
  const inviting = useDeed();
  const [said, say] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    return inviting.run(async () => {
      const { email = '' } = draft;
      await manager.post('/staff/invitations', { email });
      clear();
      say(`${email} is invited.`);
      onInvited();
    });
  };
  return (
    <form class="card form" onSubmit={submit} aria-labelledby="invitation">
      <h2 id="invitation">Invite somebody</h2>
      <p class="said" role="status">
        {said}
      </p>
      {inviting.problem && <ProblemNotice problem={inviting.problem} />}
      <Field
        name="email"
        label="E-mail address"
        type="email"
        value={draft['email'] ?? ''}
        isRequired
        maxLength={254}
        onChange={change}
        problem={inviting.problem}
      />
      <div class="actions">
        <button type="submit" aria-disabled={inviting.isBusy}>
          Invite
          {!session.has('staff:invite') && <Lock />}
        </button>
      </div>
    </form>
  );
}
