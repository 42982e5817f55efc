import { ABOUT_CORRECTNESS, ABOUT_LOAD, ABOUT_PGBENCH, ABOUT_PLAIN } from '../orders/about.ts';
import { readable } from '../report/report.ts';
import type { StackSizes } from './sizes.ts';

/** What was done on the stack. */
export const aboutStack = ({ orders }: StackSizes): string[] => [
  'The system is docker-compose.yml: a container for every service, Kafka and PostgreSQL, all on this machine.',
  `${ABOUT_LOAD} On Linux the gateway is asked at the address of its container, without the proxy of a published port: pgbench has none either.`,
  `${ABOUT_PGBENCH} It runs in the container of PostgreSQL.`,
  `${ABOUT_PLAIN} It runs on this machine outside of containers, on the PostgreSQL and the Kafka of the stack.`,
  `PENDING to DELIVERED: ${readable(orders)} orders wait, the workflow's turn comes; the time runs from the first PROCESSING to the last DELIVERED in the history. Beside it a third of the rate at which pgbench moves single orders by compare-and-set, since an order takes three steps.`,
  'Two instances: of orders, of shipping and of delivery, on the same machine, measured after the rounds of one instance. Beside one instance of each, at as many times the rate of pgbench as in its own rounds: so what the machine has become faster or slower since does not count.',
  ABOUT_CORRECTNESS,
];
