import { openConnection, type Connection } from './connection.ts';

/** Clients that wait for orders which nothing happens to. */
export interface Waiting {
  /** How many were answered, and so waited no longer. */
  answered(): number;
  /** Lets them go. */
  stop(): void;
}

const OPENED_AT_ONCE = 200;
const WAIT_S = 60;
const TIMEOUT_MS = 90_000;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * Begins to wait, each over a connection of its own.
 *
 * @param orderIds an order for each of those who wait
 */
export const startWaiting = async (url: string, orderIds: readonly string[]): Promise<Waiting> => {
  const { host, hostname, port } = new URL(url);
  const connections: Connection[] = [];
  let answered = 0;
  const note = (): void => {
    answered += 1;
  };
  for (const orderId of orderIds) {
    const connection = openConnection(hostname, Number(port), TIMEOUT_MS);
    connections.push(connection);
    const path = `/api/orders/${orderId}?until=DELIVERED`;
    void connection
      .call(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nPrefer: wait=${WAIT_S}\r\n\r\n`)
      .then(note, note);
    if (connections.length % OPENED_AT_ONCE === 0) await turn();
  }
  return {
    answered: () => answered,
    stop: () => {
      for (const connection of connections) connection.close();
    },
  };
};
