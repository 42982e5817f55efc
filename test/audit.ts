import { test } from '@jest/globals';
import type { System } from '@order-pipeline/launcher';
import { eventually, expectCleanAudit } from '@order-pipeline/testing';

const SETTLED_MS = 5_000;
/** What has not come to its end by then never will. */
export const SETTLED = {
  orderMs: SETTLED_MS,
  stockMs: SETTLED_MS,
  leaveMs: SETTLED_MS,
  outboxMs: SETTLED_MS,
  eventMs: SETTLED_MS,
};

/** What an audit of a system of this process reads. A Kafka that tests share has the events of other databases, too. */
export const auditedOf = ({ infrastructure }: System) => ({
  databases: {
    users: infrastructure.databaseUrl('users'),
    inventory: infrastructure.databaseUrl('inventory'),
    orders: infrastructure.databaseUrl('orders'),
  },
  kafka: infrastructure.memoryCluster && infrastructure.broker.connect('audit'),
});

/** The last test of a file: whatever the others have done, nothing is lost, sold twice or done twice. */
export const defineAuditTest = (use: () => System): void => {
  test('after all that, the audit finds no violation', async () => {
    const audited = auditedOf(use());
    await eventually(() => expectCleanAudit({ ...audited, limits: SETTLED }), { timeoutMs: 30_000 });
  }, 60_000);
};
