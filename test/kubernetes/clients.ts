import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { FULLNAME, NAMESPACE } from './cluster.ts';

/** What clients found that placed orders all the while. */
export interface Found {
  /** Requests that place an order, those of the same order again included. */
  readonly tries: number;
  /** Orders that were answered 201. */
  readonly acknowledged: number;
  /** Requests that were answered 503. */
  readonly refused: number;
  /** Requests without an answer, by what became of their connection. */
  readonly connectionErrors: Readonly<Record<string, number>>;
  /** Orders that came to another answer, or to none within two minutes. */
  readonly unexpected: readonly unknown[];
  /** Orders that were acknowledged, and are not delivered five minutes later. */
  readonly lost: readonly unknown[];
}

const ORDERS_PER_SECOND = 10;
const URL = `http://${FULLNAME}-api-gateway`;
const COMMAND = ['node', '/clients/clients.mjs', URL, String(ORDERS_PER_SECOND)];

/** Places orders in the cluster while `happen` runs, and until each of them is delivered. */
export const withOrders = async (happen: () => Promise<void>): Promise<Found> => {
  const args = ['--namespace', NAMESPACE, 'exec', '--stdin', 'clients', '--', ...COMMAND];
  const clients = spawn('kubectl', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(clients, 'exit');
  const lines: string[] = [];
  const output = createInterface({ input: clients.stdout });
  output.on('line', (line) => lines.push(line));
  const closed = once(output, 'close');
  try {
    // Not before orders come in.
    await Promise.race([once(output, 'line'), ended]);
    await happen();
  } finally {
    clients.stdin.end();
  }
  await Promise.all([ended, closed]);
  return JSON.parse(lines.at(-1) ?? '') as Found;
};
