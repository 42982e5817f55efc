import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import { bareDeadLetter, readDeadLetter } from '@order-pipeline/messaging';
import type { KafkaPort } from '@order-pipeline/service-kit';
import { countIn, type Reader } from '../database.ts';
import { readToEnd, type Found } from '../kafka/read-to-end.ts';
import { checkOf, createFindings, type Check, type Findings } from '../report.ts';
import { countOf } from '../words.ts';
import { agoOf, type AuditContext } from './context.ts';

const SENDING_FOR_LONG = `
  SELECT 'a redrive that was not published', id, format('since %s', updated_at)
  FROM dead_letters WHERE status = 'REDRIVING' AND updated_at < $1::timestamptz`;

interface OpenLetter {
  readonly id: string;
  readonly place: string;
  readonly reason: string;
  readonly orderId: string | null;
}

const readOpen = (orders: Reader, limit: number): Promise<OpenLetter[]> =>
  orders.rows<OpenLetter>(
    `SELECT id, format('%s, partition %s, offset %s, for %s', topic, partition, message_offset, consumer_group) AS place,
       left(reason, 200) AS reason, order_id AS "orderId"
     FROM dead_letters WHERE status = 'OPEN' ORDER BY seq LIMIT $1`,
    [limit],
  );

/**
 * Looks for messages that were dead-lettered and of which no letter was kept. One that was dead-lettered only since may be in
flight into the table, so only those count that are older than a step may be without its event.
 */
const lookForLetters = async (
  orders: Reader,
  found: readonly Found[],
  findings: Findings,
  before: Date,
): Promise<void> => {
  const letters = found
    .filter(({ message }) => Number(message.timestamp) < before.getTime())
    .map(({ topic, partition, message }) => {
      const position = { topic, partition, offset: message.offset };
      return {
        place: `${topic}, partition ${partition}, offset ${message.offset}`,
        letter: readDeadLetter(position, message),
        // What its headers say may be more than the table can hold: then it is kept under its place alone.
        bareId: bareDeadLetter(position, message).id,
      };
    });
  const ids = letters.flatMap(({ letter, bareId }) => [letter.id, bareId]);
  const rows = await orders.rows<{ id: string }>('SELECT id FROM dead_letters WHERE id = ANY($1::text[])', [
    ids,
  ]);
  const kept = new Set(rows.map(({ id }) => id));
  for (const { letter, bareId, place } of letters) {
    if (!kept.has(letter.id) && !kept.has(bareId))
      findings.add('a message of a DLQ is not stored as a dead letter', {
        id: letter.orderId ?? letter.id,
        detail: `${place}: ${letter.reason.slice(0, 200)}`,
      });
  }
};

/** Every message that was dead-lettered is known, with its reason, to the operators; those that are open are reported. */
export const checkDeadLetters = async (
  orders: Reader,
  kafka: KafkaPort | undefined,
  context: AuditContext,
): Promise<Check> => {
  const { runtime, limits, exampleCount, timesOf } = context;
  const findings = createFindings(exampleCount);
  const times = await timesOf(orders);
  const before = agoOf(times, limits.eventMs);
  if (kafka) {
    await readToEnd(kafka, TOPIC_NAMES.map(deadLetterTopic), { runtime, now: times.now }, (found) =>
      lookForLetters(orders, found, findings, before),
    );
  }
  const open = await countIn(
    orders,
    `SELECT count(*)::float8 AS count FROM dead_letters WHERE status = 'OPEN'`,
  );
  const shown = await readOpen(orders, exampleCount);
  return checkOf('dead letters', {
    checked: await countIn(orders, 'SELECT count(*)::float8 AS count FROM dead_letters'),
    unit: 'dead letters',
    violations: [
      ...(await orders.violations(
        SENDING_FOR_LONG,
        [agoOf(await timesOf(orders), limits.outboxMs)],
        exampleCount,
      )),
      ...findings.list(),
    ],
    notes:
      open === 0
        ? []
        : [
            `${countOf(open, 'dead letter')} for an operator to resolve`,
            ...shown.map(
              ({ id, place, reason, orderId }) =>
                `  ${id}  ${place}, order ${orderId ?? 'unknown'}: ${reason}`,
            ),
          ],
    ...(kafka ? {} : { notChecked: `whether every message of the DLQs is stored: ${context.kafkaMissing}` }),
  });
};
