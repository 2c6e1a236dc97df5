import { useCallback, useState } from 'preact/hooks';
import { type Draft, forget, keep, recall } from './tab-storage.js';

type DraftName = 'order-draft' | 'invitation-draft';

/** The fields of a form. They outlive a visit to the sign-in pages, where the browser can keep them. */
export function useDraft(name: DraftName, empty: Draft) {
  const [draft, setDraft] = useState<Draft>(() => ({ ...empty, ...recall(name) }));
  const change = useCallback(
    (field: string, value: string) => {
      setDraft((before) => {
        const after = { ...before, [field]: value };
        try {
          keep(name, after);
        } catch {
          // It stays on the page, then.
        }
        return after;
      });
    },
    [name],
  );
  const clear = useCallback(() => {
    forget(name);
    setDraft(empty);
  }, [name, empty]);
  return { draft, change, clear };
}
