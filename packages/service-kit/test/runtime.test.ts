import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { createRuntime, withTimeout } from '../src/index.ts';

const runtime = createRuntime();

/** Keeps the event loop from turning, as a process that is not given the processor does. */
const block = (ms: number): void => {
  const until = runtime.monotonic() + ms;
  while (runtime.monotonic() < until);
};

test('an answer that arrived while the process was starved counts, although its time is over', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [peer] = (await once(server, 'connection')) as [Socket];
  const limited = withTimeout(runtime, 1, once(client, 'data'), () => new Error('too late'));
  peer.write('answer');
  block(100);
  const [answer] = await limited.finally(() => {
    client.destroy();
    server.close();
  });
  expect(String(answer)).toBe('answer');
});

test('what never comes is given up in time', async () => {
  const never = new Promise<never>(() => undefined);
  await expect(withTimeout(runtime, 1, never, () => new Error('too late'))).rejects.toThrow('too late');
  const limited = withTimeout(runtime, 1, never, () => new Error('too late'));
  block(100);
  await expect(limited).rejects.toThrow('too late');
});
