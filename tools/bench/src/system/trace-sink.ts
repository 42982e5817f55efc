import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BenchContext } from '../context/context.ts';

/** A collector of traces that takes everything and keeps nothing. */
export const startTraceSink = async ({ life }: Pick<BenchContext, 'life'>) => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = life.opened('the collector of traces', async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
};
