import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Order, OrderList } from './answers.js';
import { useDesk } from './desk.js';
import { NewOrder } from './new-order.js';
import { headingId, OrderItem } from './order-item.js';
import { Empty, LoadedPart, Lock, Page } from './page.js';
import { ProblemNotice } from './problem-notice.js';
import { recall } from './tab-storage.js';
import { useDeed, useLoad } from './use-load.js';

const PAGE_SIZE = 50;

/** The orders of the company of the person who is signed in. */
export function OrdersPage() {
  const { orders, session } = useDesk();
  const load = useCallback(
    (signal: AbortSignal) => orders.get<OrderList>(`/orders?limit=${PAGE_SIZE}`, signal),
    [orders],
  );
  const loaded = useLoad(load);
  // Who was away for a permission goes on where the form was.
  const [isNew, setNew] = useState(() => recall('order-draft') !== undefined);
  const [said, say] = useState('');
  const [lastCreated, setLastCreated] = useState(0);
  const opener = useRef<HTMLButtonElement>(null);
  const wasNew = useRef(isNew);
  useEffect(() => {
    if (wasNew.current && !isNew) opener.current?.focus();
    wasNew.current = isNew;
  }, [isNew]);

  const openForm = (
    <button type="button" ref={opener} aria-expanded={isNew} onClick={() => setNew(true)}>
      New order
      {!session.has('orders:write') && <Lock />}
    </button>
  );
  const created = ({ id }: Order) => {
    setNew(false);
    setLastCreated(id);
    say(`Order ${id} was created.`);
    loaded.reload();
  };
  const cancelled = ({ id }: Order) => {
    say(`Order ${id} was cancelled.`);
    loaded.reload();
  };
  return (
    <Page title="Orders" intro="What your company has ordered." action={!isNew && openForm}>
      <p class="said" role="status">
        {said}
      </p>
      {isNew && <NewOrder onCreated={created} onLeave={() => setNew(false)} />}
      <LoadedPart loaded={loaded}>
        {/* What was shown as the end of the list is not, any more. */}
        {(answer) => <Orders key={lastCreated} first={answer.orders} onCancelled={cancelled} />}
      </LoadedPart>
    </Page>
  );
}

interface OrdersProps {
  readonly first: readonly Order[];
  readonly onCancelled: (order: Order) => void;
}

function Orders({ first, onCancelled }: OrdersProps) {
  const { orders } = useDesk();
  const [{ more, isAll }, setMore] = useState<{ more: readonly Order[]; isAll: boolean }>({ more: [], isAll: false });
  const loading = useDeed();
  const [firstNew, setFirstNew] = useState(0);
  // The button that was pressed goes, with the last page.
  useEffect(() => document.getElementById(headingId(firstNew))?.focus(), [firstNew]);
  const shown = [...first, ...more.filter(({ id }) => first.every((order) => order.id !== id))];
  if (shown.length === 0) {
    return <Empty title="No orders yet">The first one begins with “New order”.</Empty>;
  }

  const loadMore = () =>
    loading.run(async () => {
      const after = shown.at(-1)?.id ?? 0;
      const { orders: next } = await orders.get<OrderList>(`/orders?after=${after}&limit=${PAGE_SIZE}`);
      setMore({ more: [...more, ...next], isAll: next.length < PAGE_SIZE });
      setFirstNew(next[0]?.id ?? 0);
    });
  const cancelled = (order: Order) => {
    setMore((before) => ({ ...before, more: before.more.map((one) => (one.id === order.id ? order : one)) }));
    onCancelled(order);
  };
  return (
    <>
      <ul class="cards">
        {shown.map((order) => (
          <OrderItem key={order.id} order={order} onCancelled={cancelled} />
        ))}
      </ul>
      {loading.problem && <ProblemNotice problem={loading.problem} onRetry={loadMore} />}
      {first.length === PAGE_SIZE && !isAll && (
        <button type="button" class="second" aria-disabled={loading.isBusy} onClick={loadMore}>
          Show more
        </button>
      )}
    </>
  );
}
