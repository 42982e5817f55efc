import { eventId, TOPIC_NAMES, TOPIC_OF, type AnnouncedStatus, type Topic } from '@order-pipeline/contracts';
import { decodeEvent, headerText, type ReceivedEvent } from '@order-pipeline/messaging';
import type { KafkaPort } from '@order-pipeline/service-kit';
import type { Reader } from '../database.ts';
import { readToEnd, type Found, type ReadRange } from '../kafka/read-to-end.ts';
import { createSeenEvents, type SeenEvents } from '../kafka/seen-events.ts';
import { countOf } from '../words.ts';
import { checkOf, createFindings, type Check, type Findings } from '../report.ts';
import { findArchived } from './archived.ts';
import { sameUnits } from './claims.ts';
import { agoOf, type AuditContext } from './context.ts';
import { areLines } from './lines.ts';

/** A step as the orders database has it. */
interface Step {
  readonly id: string;
  readonly status: AnnouncedStatus;
  readonly at: number;
  readonly userId: string;
  /** JSON; null where they are malformed. */
  readonly lines: string | null;
}

const topicIndex = (topic: string): number => TOPIC_NAMES.indexOf(topic as Topic);
const indexOf = (status: AnnouncedStatus): number => topicIndex(TOPIC_OF[status]);

/** The steps that events announce, by the id of the event. */
const readSteps = async (orders: Reader, events: readonly ReceivedEvent[]): Promise<Map<string, Step>> => {
  const steps = await orders.rows<Step>(
    `SELECT step.order_id AS id, step.status::text AS status, (extract(epoch FROM at) * 1000)::float8 AS at,
       user_id AS "userId", CASE WHEN ${areLines('lines')} THEN lines::text END AS lines
     FROM unnest($1::text[], $2::order_status[]) AS asked(order_id, status)
     JOIN order_history AS step USING (order_id, status) JOIN orders ON orders.id = step.order_id`,
    [events.map(({ event }) => event.orderId), events.map(({ event }) => event.status)],
  );
  return new Map(steps.map((step) => [eventId({ orderId: step.id, status: step.status }), step]));
};

const problemsOf = (
  { event, id, raw }: ReceivedEvent,
  publishedAt: number,
  step: Step | 'archived' | undefined,
  clockMs: number,
): string[] => {
  const problems = [
    raw.key?.toString() === event.orderId ? undefined : 'an event is not keyed by its order',
    headerText(raw.headers, 'ce_id') === id ? undefined : 'an event has a wrong id',
  ];
  if (step === 'archived') return problems.filter(isText);
  if (!step) return [...problems, 'an event announces a transition that did not happen'].filter(isText);
  const at = Date.parse(event.at);
  const isTrue =
    step.at === at &&
    step.userId === event.userId &&
    step.lines !== null &&
    sameUnits(step.lines, JSON.stringify(event.items));
  return [
    ...problems,
    isTrue ? undefined : 'an event differs from its order',
    publishedAt < at - clockMs ? 'an event precedes its transition' : undefined,
  ].filter(isText);
};

const isText = (value: string | undefined): value is string => value !== undefined;

/** Nothing is traced here, so no ids of spans are needed. */
const NO_CHANCE = { hex: (bytes: number): string => '0'.repeat(bytes * 2) };

interface Tally {
  repeats: number;
  unreadable: number;
  /** Of orders that were archived. */
  archived: number;
}

/**
 * Looks at messages, each against the step that it announces. A step is committed before its event is published, and
 * never taken back: a consumer of the event finds the step, however busy the system is.
 */
const lookAtMessages = async (
  orders: Reader,
  found: readonly Found[],
  {
    seen,
    findings,
    tally,
    context,
  }: {
    readonly seen: SeenEvents;
    readonly findings: Findings;
    readonly tally: Tally;
    readonly context: AuditContext;
  },
): Promise<void> => {
  const events = found.flatMap(({ topic, partition, message }) => {
    const position = { topic, partition, offset: message.offset };
    const raw = { key: message.key, value: message.value, headers: message.headers ?? {} };
    const event = decodeEvent(position, raw, NO_CHANCE);
    if (!('reason' in event)) return [{ ...event, publishedAt: Number(message.timestamp) }];
    tally.unreadable += 1;
    return [];
  });
  if (events.length === 0) return;
  const steps = await readSteps(orders, events);
  // After the steps: those of an order that was archived meanwhile are gone, and it is registered.
  const missing = events.filter(({ id }) => !steps.has(id)).map(({ event }) => event.orderId);
  const archived = await findArchived(orders, missing);
  for (const event of events) {
    const { id, topic, partition, offset, publishedAt } = event;
    const where = { id, detail: `${topic}, partition ${partition}, offset ${offset}` };
    const step = steps.get(id) ?? (archived.has(event.event.orderId) ? 'archived' : undefined);
    if (step === 'archived') tally.archived += 1;
    for (const problem of problemsOf(event, publishedAt, step, context.limits.clockMs))
      findings.add(problem, where);
    const sight = seen.see(event.event.orderId, topicIndex(topic), partition);
    if (sight !== 'first') tally.repeats += 1;
    if (sight === 'elsewhere') findings.add('the events of an order are in two partitions of a topic', where);
  }
};

/** Excuses what waits in the outbox. Asked before Kafka is: what is published meanwhile is excused as well. */
const excuseWaiting = async (orders: Reader, seen: SeenEvents): Promise<void> => {
  type Waiting = { readonly orderId: string; readonly status: AnnouncedStatus };
  const waiting = orders.blocks<Waiting>(
    `event->>'orderId' AS "orderId", event->>'status' AS status`,
    'outbox',
  );
  for await (const page of waiting) {
    for (const { orderId, status } of page) if (status in TOPIC_OF) seen.excuse(orderId, indexOf(status));
  }
};

const findMissing = async (
  orders: Reader,
  before: Date,
  { keptSince }: ReadRange,
  seen: SeenEvents,
  findings: Findings,
): Promise<{ readonly checked: number; readonly deleted: number }> => {
  type Taken = { readonly id: string; readonly status: AnnouncedStatus; readonly at: number };
  let [checked, deleted] = [0, 0];
  const taken = orders.blocks<Taken>(
    `order_id AS id, status::text AS status, (extract(epoch FROM at) * 1000)::float8 AS at`,
    'order_history',
  );
  for await (const page of taken) {
    for (const { id, status, at } of page) {
      if (!(status in TOPIC_OF) || !(at < before.getTime())) continue;
      checked += 1;
      if (seen.knows(id, indexOf(status))) continue;
      if (at <= (keptSince.get(TOPIC_OF[status]) ?? 0)) deleted += 1;
      else
        findings.add('a transition has no event', {
          id: eventId({ orderId: id, status }),
          detail: `taken ${Number.isFinite(at) ? new Date(at).toISOString() : at}`,
        });
    }
  }
  return { checked, deleted };
};

/**
 * Every step has its event at least once, and every event its step; the events of one order are in one partition, under
 * its key, none older than its step.
 *
 * A step is asked for its event only when it was taken longer ago than an event may be in flight, and when no event of
 * it waited in the outbox before Kafka was asked where its topics end: so its event has to stand before these ends. Where
 * Kafka has deleted old messages, steps of that time are left out, and counted.
 */
export const checkEvents = async (
  orders: Reader,
  kafka: KafkaPort,
  context: AuditContext,
): Promise<Check> => {
  const { runtime, limits, exampleCount, timesOf } = context;
  const findings = createFindings(exampleCount);
  const seen = createSeenEvents();
  const tally = { repeats: 0, unreadable: 0, archived: 0 };
  const times = await timesOf(orders);
  const before = agoOf(times, limits.eventMs);
  await excuseWaiting(orders, seen);
  const range = await readToEnd(kafka, TOPIC_NAMES, { runtime, now: times.now }, (found) =>
    lookAtMessages(orders, found, { seen, findings, tally, context }),
  );
  const { checked, deleted } = await findMissing(orders, before, range, seen, findings);
  return checkOf('events', {
    checked,
    unit: 'transitions',
    violations: findings.list(),
    notes: [
      `${countOf(range.messages, 'message')} were read, ${tally.repeats} of them repeats`,
      ...(tally.archived > 0 ? [`${countOf(tally.archived, 'message')} of archived orders`] : []),
      ...(tally.unreadable > 0 ? [`${countOf(tally.unreadable, 'message')} cannot be understood`] : []),
    ],
    ...(deleted > 0
      ? {
          notChecked: `${countOf(deleted, 'step')} without an event: Kafka has deleted messages of that time`,
        }
      : {}),
  });
};
