import { ACCESS_MUTANTS } from './access-mutants.ts';
import { ARCHIVE_MUTANTS } from './archive-mutants.ts';
import { CLOCK_MUTANTS } from './clock-mutants.ts';
import { DEPENDENCY_MUTANTS } from './dependency-mutants.ts';
import type { Mutant } from './mutant.ts';
import { REQUEST_MUTANTS } from './request-mutants.ts';
import { STOCK_MUTANTS } from './stock-mutants.ts';
import { WAITING_MUTANTS } from './waiting-mutants.ts';

const PLACING = 'services/orders/src/store/placements.ts';
const MOVING = 'services/orders/src/store/transitions.ts';
const OUTBOX = 'services/orders/src/store/outbox.ts';
const RESERVATIONS = 'services/inventory/src/store/reservations.ts';
const RESERVING = 'services/inventory/src/store/reserve.ts';
const RESERVING_PLENTY = 'services/inventory/src/store/reserve-plenty.ts';
const EACH_BATCH = 'packages/messaging/src/consumer/each-batch.ts';
const ADVANCE = 'packages/messaging/src/advance-orders.ts';

/** The bugs that the simulation has to find, each within a few seeds. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no outbox row',
    bug: 'an order is stored without its event',
    edits: [
      {
        file: PLACING,
        find: 'FROM stored JOIN wanted USING (id)\n',
        replace: 'FROM stored JOIN wanted USING (id) WHERE false\n',
      },
    ],
  },
  {
    name: 'outbox row deleted before the publish',
    bug: 'an event is forgotten by the database before Kafka has it',
    edits: [
      {
        file: OUTBOX,
        find: 'if (rows.length === 0) return { taken: 0, held: 0, last };\n',
        replace:
          'if (rows.length === 0) return { taken: 0, held: 0, last };\n      await database.$executeRaw`DELETE FROM outbox WHERE id = ANY(${rows.map(({ id }) => id)}::bigint[])`;\n',
      },
      { file: OUTBOX, find: ' FOR UPDATE SKIP LOCKED`;', replace: '`;' },
    ],
  },
  {
    name: 'publish before commit',
    bug: 'ORDER_PLACED is published before the order is stored, and stands when it never is',
    edits: [
      {
        file: 'services/orders/src/placement.ts',
        find: 'export interface PlacementParts {\n',
        replace:
          "export interface PlacementParts {\n  readonly publisher: import('@order-pipeline/messaging').Publisher;\n",
      },
      {
        file: 'services/orders/src/placement.ts',
        find: 'return await inInsertSpan(parts.tracer, call, () => parts.store.storeOrders(reserved));',
        replace: `await parts.publisher.publish(
      reserved.map(({ order: { orderId, userId, items }, call: { trace } }) => ({
        event: { orderId, userId, items, status: 'PENDING', at: new Date(parts.runtime.wallClock()).toISOString() },
        trace,
      })),
    );
    return await inInsertSpan(parts.tracer, call, () => parts.store.storeOrders(reserved));`,
      },
      {
        file: 'services/orders/src/service.ts',
        find: 'placeOrders(parts, requests)',
        replace:
          "placeOrders({ ...parts, publisher: createMessaging('orders-early', context).publisher }, requests)",
      },
    ],
  },
  {
    name: 'offset committed before the work',
    bug: 'a message is committed when it arrives, and is lost with the process that holds it',
    edits: [
      {
        file: EACH_BATCH,
        find: '      const done = await whileInGroup(',
        replace:
          '      resolveOffset(last.offset);\n      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());\n      const done = await whileInGroup(',
      },
    ],
  },
  {
    name: 'compare without set',
    bug: 'an order is moved whatever its status is by then',
    edits: [
      {
        file: MOVING,
        find: '${orderIds}::text[]) AND ${STATUS} = ${PREDECESSOR[to]}\n      ${owner',
        replace: '${orderIds}::text[]) AND ${STATUS} <> ${to}\n      ${owner',
      },
      {
        file: MOVING,
        find: 'WHERE orders.id = due.id AND ${STATUS} = ${PREDECESSOR[to]}\n',
        replace: 'WHERE orders.id = due.id\n',
      },
    ],
  },
  {
    name: 'cancel without the status check',
    bug: 'an order is cancelled although it is no longer PENDING',
    edits: [
      {
        file: MOVING,
        find: '${orderIds}::text[]) AND ${STATUS} = ${PREDECESSOR[to]}\n      ${owner',
        replace:
          "${orderIds}::text[]) AND (${STATUS} = ${PREDECESSOR[to]} OR ${to} = 'CANCELLED' AND ${STATUS} <> 'CANCELLED')\n      ${owner",
      },
      {
        file: MOVING,
        find: 'WHERE orders.id = due.id AND ${STATUS} = ${PREDECESSOR[to]}\n',
        replace: 'WHERE orders.id = due.id\n',
      },
    ],
  },
  {
    name: 'stock read, then written',
    bug: 'two reservations read the same stock, and the later one writes over the earlier',
    // In each place the stock is read in a statement of its own: the simulation carries a single statement out at one
    // moment, unless it waits for a lock, so one that reads and writes seldom has anybody between the two.
    edits: [
      {
        file: RESERVING_PLENTY,
        find: '  const rows = await sql',
        replace: `  const seen = await sql.$queryRaw<{ stock: string }[]>\`
    SELECT to_json(items)::text AS stock FROM items WHERE id = ANY(\${lines.map(({ itemId }) => itemId)})\`;
  const rows = await sql`,
      },
      {
        file: RESERVING_PLENTY,
        find: `FROM items
      WHERE id IN (SELECT item_id FROM asked) ORDER BY id FOR UPDATE
`,
        replace: `FROM unnest(\${seen.map(({ stock }) => stock)}::text[]) AS t(stock),
        json_populate_record(NULL::items, t.stock::json)
`,
      },
      {
        file: RESERVING,
        find: 'FROM items WHERE id = ANY(${itemIds}) ORDER BY id FOR UPDATE`;',
        replace: 'FROM items WHERE id = ANY(${itemIds}) ORDER BY id`;',
      },
      {
        file: RESERVING,
        find: '  locked: ReadonlyMap<string, StoredReservation>,\n',
        replace: '  locked: ReadonlyMap<string, StoredReservation>,\n  seen: ReadonlyMap<string, number>,\n',
      },
      {
        file: RESERVING,
        find: 'storeReservations(sql, reservations, stored, at)',
        replace: 'storeReservations(sql, reservations, stored, stock, at)',
      },
      {
        file: RESERVING,
        find: `      UPDATE items SET available_qty = available_qty - taken.quantity, reserved_qty = reserved_qty + taken.quantity
      FROM taken WHERE items.id = taken."itemId"`,
        replace: `      UPDATE items SET available_qty = seen.quantity - taken.quantity,
        reserved_qty = stocked_qty - consumed_qty - (seen.quantity - taken.quantity)
      FROM taken JOIN unnest(\${[...seen.keys()]}::text[], \${[...seen.values()]}::bigint[]) AS seen(id, quantity)
        ON seen.id = taken."itemId" WHERE items.id = taken."itemId"`,
      },
    ],
  },
  {
    name: 'release twice',
    bug: 'stock that is back already is given back once more',
    edits: [
      {
        file: RESERVATIONS,
        find: "const IS_HELD = Prisma.sql`r.state::text = 'HELD'`;",
        replace: "const IS_HELD = Prisma.sql`r.state::text <> 'CONSUMED'`;",
      },
    ],
  },
  {
    name: 'reservation not kept to one an order',
    bug: 'an order that is asked for again reserves its stock again',
    edits: [
      {
        file: 'services/inventory/src/domain.ts',
        find: "if (!stored || stored.state === 'RELEASED') return undefined;",
        replace: "if (!stored || stored.state !== 'CONSUMED') return undefined;",
      },
      {
        file: RESERVING,
        find: "WHERE is_locked AND r.order_id = wanted.order_id AND r.state = 'RELEASED'",
        replace: "WHERE is_locked AND r.order_id = wanted.order_id AND r.state <> 'CONSUMED'",
      },
      {
        file: RESERVING_PLENTY,
        find: 'ON CONFLICT (order_id) DO NOTHING`;',
        replace: `ON CONFLICT (order_id) DO UPDATE SET reservation_id = excluded.reservation_id, state = 'HELD',
        lines = excluded.lines, updated_at = excluded.updated_at
      WHERE reservations.state <> 'CONSUMED'\`;`,
      },
    ],
  },
  {
    name: 'dead letter dropped',
    bug: 'a message that cannot be processed is skipped and lost',
    edits: [
      {
        file: 'packages/messaging/src/process-batch.ts',
        find: 'await options.deadLetter(message, rawInTrace(message), { reason, tries });',
        replace: 'void reason, tries;',
      },
    ],
  },
  {
    name: 'republish without the check',
    bug: 'a worker whose order has already been transitioned takes it for done, although its event may never have been published',
    edits: [
      {
        file: ADVANCE,
        find: "if ('order' in result) events.push",
        replace: "if (result.outcome === 'MOVED') events.push",
      },
    ],
  },
  {
    name: 'event id by chance',
    bug: 'a duplicate of an event cannot be told from another event',
    edits: [
      {
        file: 'packages/messaging/src/event-codec.ts',
        find: 'ce_id: eventId(event),',
        replace: 'ce_id: `${eventId(event)}:${trace.spanId}`,',
      },
    ],
  },
  {
    name: 'reservation abandoned without a bar',
    bug: 'stock is given back while the order that stands on it is still being stored',
    edits: [
      {
        file: 'services/orders/src/store/verdicts.ts',
        find: '  await fence(database, missing, at);\n',
        replace: '  void [fence, at];\n',
      },
    ],
  },
  {
    name: 'answer before the order is stored',
    bug: 'a client is answered 201 although the order was not stored',
    edits: [
      {
        file: 'services/orders/src/placement.ts',
        find: '    if (!isTransient(error)) {',
        replace:
          '    if (isTransient(error)) return new Set(reserved.map(({ order }) => order.orderId));\n    if (!isTransient(error)) {',
      },
    ],
  },
  {
    name: 'buffer committed on arrival',
    bug: 'the workflow commits what it has only in memory',
    edits: [
      {
        file: EACH_BATCH,
        find: '  open.taken(messages);\n',
        replace: '  open.taken(messages);\n  open.done(messages);\n',
      },
    ],
  },
  ...CLOCK_MUTANTS,
  ...DEPENDENCY_MUTANTS,
  ...REQUEST_MUTANTS,
  ...STOCK_MUTANTS,
  ...ARCHIVE_MUTANTS,
  ...ACCESS_MUTANTS,
  ...WAITING_MUTANTS,
];
