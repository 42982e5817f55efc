import { openConnection, type Connection } from './connection.ts';

/** Clients that wait for orders which nothing happens to. */
export interface Waiting {
  /** Begins to wait for more orders, each over a connection of its own. */
  begin(orderIds: readonly string[]): void;
  /** How many were answered, and so waited no longer. */
  answered(): number;
  /** Lets them go. */
  stop(): void;
}

const WAIT_S = 60;
const TIMEOUT_MS = 90_000;

/** Clients of the gateway at `url`, none at first. */
export const openWaiting = (url: string): Waiting => {
  const { host, hostname, port } = new URL(url);
  const connections: Connection[] = [];
  let answered = 0;
  const note = (): void => {
    answered += 1;
  };
  return {
    begin: (orderIds) => {
      for (const orderId of orderIds) {
        const connection = openConnection(hostname, Number(port), TIMEOUT_MS);
        connections.push(connection);
        const path = `/api/orders/${orderId}?until=DELIVERED`;
        void connection
          .call(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nPrefer: wait=${WAIT_S}\r\n\r\n`)
          .then(note, note);
      }
    },
    answered: () => answered,
    stop: () => {
      for (const connection of connections) connection.close();
    },
  };
};
