import { readable } from '../report/report.ts';
import { methodOfStarts } from './sides.ts';
import { CONNECTIONS, DATASET, type Sizes } from './sizes.ts';

/** What the correctness columns are, for every report that has them. */
export const ABOUT_CORRECTNESS =
  'Refused wrongly: answers other than those that were due. Lost, doubled, oversold: every answer held against the databases at the end, and what the audit found. A figure with anything but 0 there does not count as met.';

/** How orders are placed, for every report in which they are. */
export const ABOUT_LOAD = `Orders are placed over HTTP through the gateway over ${CONNECTIONS} connections that are kept alive, each answer checked: ${readable(DATASET.users)} users, ${readable(DATASET.items)} items, a unit of one item an order. An order is answered when it is stored as PENDING with its event in the outbox, on disk.`;

/** What pgbench does, for every report in which it is the baseline. */
export const ABOUT_PGBENCH =
  'pgbench makes one transaction an order, as it would be written by hand: look up the user, update the stock of an item where there is enough, insert the order, insert the event; 8 clients, prepared statements, on the same server, in a database with the tables and indexes of the services (tools/bench/src/reference/place-order.sql).';

export const ABOUT_PLAIN =
  'The plain build (tools/bench/plain) is what most teams would write: Fastify, an interactive transaction of Prisma an order, and one `producer.send` an order after it.';

/** What was done on the embedded parts. */
export const aboutOrders = ({
  placement,
  besideLists,
  besideWaiting,
  variants,
  walking,
  growth,
}: Sizes): string[] => [
  'The system is what `npx -y pnpm start` runs: all services in one process of Node, on the embedded PostgreSQL and the broker in memory.',
  ABOUT_LOAD,
  ABOUT_PGBENCH,
  ABOUT_PLAIN,
  'At a tenth of the rate orders are placed at an even pace, and the time of each runs from the moment that it was due.',
  `Of one item: every order is of one unit of it; in the end an item of ${readable(placement.scarceUnits)} units is sold out by twice as many orders.`,
  `While clients page: 8 clients read GET /api/orders?limit=1000 page by page, from the newest on, without a pause; ${readable(besideLists.fatOrders)} orders have 100 lines with ids of 128 characters. A page that is refused with 503 is asked for again.`,
  `PENDING to DELIVERED: ${readable(walking.orders)} orders wait, the workflow's turn comes; the time runs from the first PROCESSING to the last DELIVERED in the history. Beside it a third of the rate at which pgbench moves single orders by compare-and-set, since an order takes three steps.`,
  `Access tokens and traces: a system with each, and two with neither, take turns of ${readable(variants.orders)} orders beside one another. ${methodOfStarts(variants)} Tokens are those of ${readable(DATASET.users)} users, signed with ES256; spans go to a collector that takes everything and keeps nothing, in the process of the benchmark.`,
  `While clients wait: ${readable(besideWaiting.waiters)} clients, each with a connection of its own, wait with \`Prefer: wait=60\` for an order each that stays PENDING. One that did not wait from the beginning to the end counts as refused wrongly.`,
  `Stored orders are filled in beforehand, in systems that stand beside one another and take turns; each round adds ${readable(growth.orders)}. Reads come over 8 connections: the list of the newest 100, the newest 10 of a user, an order by its id.`,
  ABOUT_CORRECTNESS,
];
