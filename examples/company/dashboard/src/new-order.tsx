import { useEffect, useRef } from 'preact/hooks';
import type { Order } from './answers.js';
import { useDesk } from './desk.js';
import { Field } from './field.js';
import { ProblemNotice } from './problem-notice.js';
import { useDraft } from './use-draft.js';
import { useDeed } from './use-load.js';

interface NewOrderProps {
  readonly onCreated: (order: Order) => void;
  readonly onLeave: () => void;
}

const EMPTY = { item: '', quantity: '1', note: '' };

/** A form that sends what was typed as it is: the API judges it. */
export function NewOrder({ onCreated, onLeave }: NewOrderProps) {
  const { orders } = useDesk();
  const { draft, change, clear } = useDraft('order-draft', EMPTY);
  const creating = useDeed();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(), [creating.problem]);

  const submit = (event: Event) => {
    event.preventDefault();
    return creating.run(async () => {
      const { item, quantity, note } = draft;
      const order = await orders.post<Order>('/orders', { item, quantity: Number(quantity), note });
      clear();
      onCreated(order);
    });
  };
  const leave = () => {
    clear();
    onLeave();
  };
  const common = { onChange: change, problem: creating.problem };
  return (
    <form class="card form" ref={form} onSubmit={submit} aria-labelledby="new-order">
      <h2 id="new-order">New order</h2>
      {creating.problem && <ProblemNotice problem={creating.problem} />}
      <div class="fields">
        <Field name="item" label="Item" value={draft['item'] ?? ''} isRequired maxLength={200} {...common} />
        <Field
          name="quantity"
          label="Pieces"
          inputMode="numeric"
          value={draft['quantity'] ?? ''}
          isRequired
          {...common}
        />
        <Field
          name="note"
          label="Note"
          value={draft['note'] ?? ''}
          maxLength={1000}
          hint="If there is one"
          {...common}
        />
      </div>
      <div class="actions">
        <button type="submit" aria-disabled={creating.isBusy}>
          Create the order
        </button>
        <button type="button" class="second" onClick={leave}>
          Leave it
        </button>
      </div>
    </form>
  );
}
