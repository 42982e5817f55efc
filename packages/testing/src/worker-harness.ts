import { randomUUID } from 'node:crypto';
import type { OrderStatus } from '@order-pipeline/contracts';
import type { Service } from '@order-pipeline/service-kit';
import { startEventProbe } from './event-probe.ts';
import { createOrdersStub, type OrdersStub } from './orders-stub.ts';
import { withOwnGroups } from './own-groups.ts';
import { createTestBroker } from './test-broker.ts';
import { createTestRuntime } from './test-runtime.ts';
import { startTestService, type TestServiceOptions } from './test-service.ts';

/** What a worker that moves orders stands between: a broker, on which its groups are its own, and a stub of the orders service. */
export const startWorkerHarness = async <S>(worker: Service<S>) => {
  const broker = withOwnGroups(createTestBroker());
  const runtime = createTestRuntime();
  const orders = createOrdersStub(runtime);
  const probe = await startEventProbe(broker);
  const clients: { orders?: OrdersStub['routes'] } = { orders: orders.routes };
  return {
    broker,
    runtime,
    orders,
    probe,
    /** Who answers for the orders service; may be changed while workers run. */
    clients,
    start: (options: Pick<TestServiceOptions, 'environment' | 'runtime'> = {}) =>
      startTestService(worker, { broker, clients, runtime, ...options }),
    /** An order in this status, under an id that no other test has. */
    put: (status: OrderStatus, at?: Date): string => {
      const orderId = `order-${randomUUID()}`;
      orders.put(orderId, status, at);
      return orderId;
    },
  };
};
