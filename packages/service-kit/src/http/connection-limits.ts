import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { addressKey } from './client-address.ts';

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Of one client address; none where it is not counted. */
  readonly maxPerAddress: number | undefined;
  /** Whether an address is that of many clients. */
  readonly isProxy: (address: string) => boolean;
  readonly onRefused: (reason: 'all' | 'address') => void;
}

/**
 * Bounds the connections of a server, in all and by client address. What is beyond is closed at once, without an answer:
 * it has cost least then.
 */
export const limitConnections = (
  server: Server,
  { maxConnections, maxPerAddress = Infinity, isProxy, onRefused }: ConnectionLimits,
): void => {
  const open = new Map<string, number>();
  server.maxConnections = maxConnections;
  server.on('drop', () => onRefused('all'));
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    // One that has ended already has none.
    if (remoteAddress === undefined || isProxy(remoteAddress)) return;
    const key = addressKey(remoteAddress);
    const count = (open.get(key) ?? 0) + 1;
    if (count > maxPerAddress) {
      onRefused('address');
      socket.destroy();
      return;
    }
    open.set(key, count);
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  });
};
