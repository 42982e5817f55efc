import { expect, test } from '@jest/globals';
import { deadLetterTopic, PARTITIONS_PER_TOPIC, TOPIC_NAMES } from '@order-pipeline/contracts';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import type { Admin } from 'kafkajs';
import { runOrders } from '../../packages/cli/test/run-orders.ts';
import type { Gateway } from '../gateway.ts';
import { setUpLoad } from './load.ts';

/** To so many the topics are raised. */
const RAISED = PARTITIONS_PER_TOPIC + 3;
const COMMAND = ['topics', '--partitions', String(RAISED), '--json'];

const ofEveryTopic = (partitions: number) =>
  Object.fromEntries(
    TOPIC_NAMES.flatMap((topic) => [topic, deadLetterTopic(topic)]).map((topic) => [topic, partitions]),
  );

const addPartitions = async (login: Record<string, string>): Promise<void> => {
  const { code, out } = await runOrders(COMMAND, login);
  const { topics } = JSON.parse(out) as { topics: { topic: string; partitions: number }[] };
  const found = Object.fromEntries(topics.map(({ topic, partitions }) => [topic, partitions]));
  expect({ code, found }).toEqual({ code: 0, found: ofEveryTopic(RAISED) });
};

/** Whether the group has consumed something of a partition that was added. */
const hasConsumed = async (admin: Admin, groupId: string, topic: string): Promise<boolean | undefined> => {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return found?.partitions.some((one) => one.partition >= PARTITIONS_PER_TOPIC && Number(one.offset) > 0);
};

/** A system at work on a Kafka with ACLs. */
interface SecuredSystem {
  readonly gateway: Gateway;
  /** A client of a user that may alter topics. */
  readonly admin: Admin;
  /** The settings of a process that logs in as a user. */
  loginAs(user: string): Promise<Record<string, string>>;
  /** Resolves where the audit finds nothing. */
  audit(): Promise<void>;
}

/** Partitions that are added to the topics of a system at work, by who may, until each worker has consumed from them. */
export const defineAddedPartitionsTests = (system: () => SecuredSystem): void => {
  test(
    'who may not alter topics adds no partitions',
    async () => {
      const { code, err } = await runOrders(COMMAND, await system().loginAs('orders'));
      expect(code).toBe(2);
      expect(err).toContain('and Alter to add partitions');
    },
    MINUTE_MS,
  );

  test(
    'partitions are added while orders come in: no order is lost or stuck, and services that run consume the new ones',
    async () => {
      const { gateway, admin, loginAs, audit } = system();
      const load = await setUpLoad(gateway);
      const orderIds = await load.place(10);
      await addPartitions(await loginAs('admin'));
      await admin.connect();
      await eventually(
        async () => {
          orderIds.push(...(await load.place(10)));
          expect(await hasConsumed(admin, 'workflow', 'ORDER_PLACED')).toBe(true);
          expect(await hasConsumed(admin, 'shipping', 'ORDER_PROCESSING')).toBe(true);
          expect(await hasConsumed(admin, 'delivery', 'ORDER_SHIPPED')).toBe(true);
        },
        { timeoutMs: 2 * MINUTE_MS },
      );
      await admin.disconnect();
      await load.allDelivered(orderIds);
      await audit();
    },
    5 * MINUTE_MS,
  );
};
