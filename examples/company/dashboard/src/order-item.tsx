import { useRef } from 'preact/hooks';
import type { Order } from './answers.js';
import { useDesk } from './desk.js';
import { Lock } from './page.js';
import { ProblemNotice } from './problem-notice.js';
import { useDeed } from './use-load.js';

interface OrderItemProps {
  readonly order: Order;
  readonly onCancelled: (order: Order) => void;
}

export function headingId(orderId: number): string {
  return `order-${orderId}`;
}

export function OrderItem({ order, onCancelled }: OrderItemProps) {
  const { orders, session } = useDesk();
  const dialog = useRef<HTMLDialogElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const cancelling = useDeed();
  const ask = () => {
    dialog.current?.showModal();
    keep.current?.focus();
  };
  const cancel = () => {
    dialog.current?.close();
    return cancelling.run(async () => {
      onCancelled(await orders.post<Order>(`/orders/${order.id}/cancel`, {}));
      // The button that was pressed goes.
      heading.current?.focus();
    });
  };
  const titleId = `cancel-${order.id}`;
  return (
    <li class="card order">
      <div class="order-what">
        <h2 id={headingId(order.id)} tabIndex={-1} ref={heading}>
          {order.item}
        </h2>
        {order.note !== '' && <p class="note">{order.note}</p>}
        <p class="meta">
          Order {order.id} · by {order.createdBy}
        </p>
      </div>
      <p class="quantity">
        {order.quantity} {order.quantity === 1 ? 'piece' : 'pieces'}
      </p>
      <p class={`badge badge-${order.status}`}>{order.status}</p>
      {order.status === 'open' && (
        <button type="button" class="second" aria-disabled={cancelling.isBusy} onClick={ask}>
          Cancel
          <span class="visually-hidden">
            {' '}
            order {order.id}, {order.item}
          </span>
          {!session.has('orders:write') && <Lock />}
        </button>
      )}
      {cancelling.problem && <ProblemNotice problem={cancelling.problem} onRetry={cancel} />}
      <dialog ref={dialog} aria-labelledby={titleId}>
        <h2 id={titleId}>Cancel order {order.id}?</h2>
        <p>
          {order.quantity} × {order.item}. A cancelled order stays cancelled.
        </p>
        <div class="actions">
          <button type="button" class="danger" onClick={cancel}>
            Cancel the order
          </button>
          <button type="button" class="second" ref={keep} onClick={() => dialog.current?.close()}>
            Keep it
          </button>
        </div>
      </dialog>
    </li>
  );
}
