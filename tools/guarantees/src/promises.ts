import type { GuaranteesRecord } from './record.ts';

/** Something that users may rely on. */
export interface Promised {
  readonly promise: string;
  readonly tested: string;
  /** What the last runs say of it. */
  readonly figures: (record: GuaranteesRecord) => string;
}

const count = (value: number): string => value.toLocaleString('en-US');

const faults = ({ simulation }: GuaranteesRecord, ...prefixes: string[]): string => {
  if (!simulation) return 'not run yet';
  const { figures } = simulation;
  const found = Object.entries(figures.faults).filter(([kind]) =>
    prefixes.some((prefix) => kind.startsWith(prefix)),
  );
  const injected = found.reduce((sum, [, times]) => sum + times, 0);
  return `${count(injected)} such faults in ${count(figures.seeds)} seeds, broken in ${count(figures.failures.length)}`;
};

const ended = ({ simulation }: GuaranteesRecord): string => {
  if (!simulation) return 'not run yet';
  const { orders, seeds, failures } = simulation.figures;
  return `${count(orders['DELIVERED'] ?? 0)} delivered and ${count(orders['CANCELLED'] ?? 0)} cancelled of ${count(orders['stored'] ?? 0)} stored in ${count(seeds)} seeds, broken in ${count(failures.length)}`;
};

const kills = ({ docker }: GuaranteesRecord): string => {
  if (!docker) return 'not run yet';
  const killed = docker.figures.reduce((sum, chaos) => sum + chaos.kills, 0);
  const acknowledged = docker.figures.reduce((sum, chaos) => sum + chaos.acknowledged, 0);
  return `${count(killed)} kills and two outages of 30 s, ${count(acknowledged)} acknowledged orders, all delivered`;
};

/** What is promised, in the order in which a user would ask. */
export const PROMISES: readonly Promised[] = [
  {
    promise:
      'An order that was answered 201 is stored, and ends DELIVERED or CANCELLED without further requests',
    tested:
      'simulation: the answers that clients got against what is stored, once all faults are over; audit `progress`',
    figures: ended,
  },
  {
    promise: 'Nothing is sold twice, and no stock is lost',
    tested:
      'simulation: an order stands on its own reservation at every moment looked at; audit `stock`, `reservations`; 160 orders at once on a stock of 100 in `test/flows.ts`',
    figures: (record) => faults(record, 'database', 'http'),
  },
  {
    promise:
      'A status moves once, by compare-and-set: one row of history a step, and a path of the state machine',
    tested: 'audit `histories`; simulation with duplicates and messages delivered again',
    figures: (record) =>
      faults(record, 'kafka: message published twice', 'kafka: delivered again', 'kafka: answer lost'),
  },
  {
    promise:
      'A cancellation that was answered 200 stands, its stock comes back once, and nothing of it ships',
    tested: 'simulation; audit `cancellations`',
    figures: ended,
  },
  {
    promise: 'Every step has its event, published at least once, with an id that identifies a repeat',
    tested: 'audit `events`, on the in-memory broker after each seed, on Kafka after the runs on Docker',
    figures: (record) => faults(record, 'kafka'),
  },
  {
    promise: 'Any process may die at any moment',
    tested:
      'simulation: crashes at every crash point and anywhere; a test kills at each crash point; kill -9 of every container under load',
    figures: (record) => `${faults(record, 'process: crash')}; on Docker ${kills(record)}`,
  },
  {
    promise: 'What a broker loses does not stop an order',
    tested: 'simulation: unflushed messages and whole brokers lost, the republication on',
    figures: (record) => faults(record, 'kafka: unflushed', 'kafka: everything'),
  },
  {
    promise: 'A message that cannot be processed blocks nobody, is kept, and can be redriven',
    tested: 'simulation: unreadable messages; audit `dead letters`; `services/orders/test/dead-letters`',
    figures: (record) => faults(record, 'kafka: unreadable'),
  },
  {
    promise:
      'What a dependency refuses for a while sends no message to the DLQ: it is retried until it is processed',
    tested:
      'simulation: databases that are read-only, full or out of connections, fenced producers; nothing but unreadable messages is among the dead letters; on Docker PostgreSQL read-only and out of connections under load',
    figures: (record) =>
      faults(
        record,
        'database: read-only',
        'database: disk full',
        'database: too many',
        'kafka: producer fenced',
      ),
  },
];

/** What nobody should rely on. */
export const NOT_PROMISED: readonly string[] = [
  'Exactly-once delivery of events: a consumer of your own may see one again, with the same `ce_id`, and has to pass it over.',
  'An order of events across orders. Those of one order are on four topics; each topic has them in the order of publishing, repeats included.',
  'An answer to every request: one that was cut off may have been carried out or not. Placing, registering and adding may be repeated; `restock` has no id, so a repeat adds again.',
  'A stock count that moves at the instant of an order’s status: units leave when the inventory has consumed ORDER_SHIPPED, and come back when the release is done.',
  'Orders while PostgreSQL, users or inventory are away: they are refused with 503, not queued.',
  'Orders without end while Kafka is away: beyond `OUTBOX_MAX_AGE_MS` or `OUTBOX_MAX_ROWS` new ones are refused with 503.',
  'Anything after PostgreSQL lost what it had committed (`fsync` off, a restored backup): the audit reports it, `orders` reserves again where the stock allows.',
  'Byzantine parts: a broker or database that answers wrongly. Corruption on disk is PostgreSQL’s and Kafka’s to notice.',
  'Races inside single statements of PostgreSQL in the simulation, which carries them out one at a time: those that are known have tests of their own (docs/decisions/0006-simulation.md).',
];
