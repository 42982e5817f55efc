import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** What is used of kafkajs's connection to a broker. */
interface Connection {
  readonly host: string;
  readonly port: number;
  readonly socket: Socket | undefined;
  send(request: object): Promise<unknown>;
  /** Fails what waits for an answer. */
  rejectRequests(error: Error): void;
  disconnect(): Promise<unknown>;
}

interface Errors {
  readonly KafkaJSConnectionClosedError: new (
    message: string,
    broker: { readonly host: string; readonly port: number },
  ) => Error;
}

const patched = new WeakSet<Connection>();

/**
 * Lets kafkajs leave a broker that does not answer. kafkajs 2.2.4 keeps the connection after a request has timed out, and what it
 * knows of leaders: to a broker that the network has swallowed, whose connections stay open for a quarter of an hour, it sends
 * again and again, also when others have long been leading its partitions. As Kafka's own client does, a connection with such a
 * request counts as closed: kafkajs then asks another broker who leads, and connects anew when it needs this one.
 */
export const letKafkajsLeaveHangingBrokers = (): void => {
  const require = createRequire(import.meta.url);
  const { prototype: connection } = require('kafkajs/src/network/connection.js') as {
    readonly prototype: Connection;
  };
  if (patched.has(connection)) return;
  patched.add(connection);
  const { KafkaJSConnectionClosedError } = require('kafkajs/src/errors.js') as Errors;
  const { send } = connection;
  connection.send = async function sendOrLeave(this: Connection, request) {
    try {
      return await send.call(this, request);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'KafkaJSRequestTimeoutError') throw error;
      const { host, port, socket } = this;
      const closed = new KafkaJSConnectionClosedError(error.message, { host, port });
      this.rejectRequests(closed);
      await this.disconnect();
      // What it would say later would be taken for the next connection's.
      socket?.destroy();
      throw closed;
    }
  };
};
