import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestLogger, inTurn } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type pg from 'pg';
import { createPool, openClient } from '../../src/index.ts';

const HEADER_BYTES = 5;
const ERROR_RESPONSE = 'E'.charCodeAt(0);
const LOCK_NOT_AVAILABLE = '55P03';

/** Where the error in what the server sends ends, which is a row of messages. */
const endOfError = (data: Buffer): number => {
  let at = 0;
  for (;;) {
    const isError = data[at] === ERROR_RESPONSE;
    at += 1 + data.readUInt32BE(at + 1);
    if (isError || at + HEADER_BYTES > data.length) return at;
  }
};

/** A way to a server that takes its time between the error of a lock and the end of the statement. */
const startSlowEnd = async (target: URL) => {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  const server = createServer((outer) => {
    let isHolding = false;
    const inner = connect(Number(target.port), target.hostname);
    for (const socket of [outer, inner]) sockets.add(socket.on('error', () => socket.destroy()));
    outer.pipe(inner);
    inner.on('data', (data) => {
      const length = !isHolding && data.includes(LOCK_NOT_AVAILABLE) ? endOfError(data) : 0;
      isHolding ||= length > 0;
      if (!isHolding) return void outer.write(data);
      outer.write(data.subarray(0, length));
      held.push(() => void outer.write(data.subarray(length)));
    });
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  [url.hostname, url.port] = ['127.0.0.1', String((server.address() as AddressInfo).port)];
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    url: url.href,
    untilHeld: async () => {
      while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    },
    goOn: () => held.forEach((write) => write()),
    cut,
    stop: () => (cut(), new Promise((resolve) => server.close(resolve))),
  };
};

let owner: pg.Client;
let way: Awaited<ReturnType<typeof startSlowEnd>>;
let pool: pg.Pool;

const postgres = useTestPostgres();
beforeEach(async () => {
  const url = await postgres.freshDatabase('locks');
  way = await startSlowEnd(new URL(url));
  pool = createPool(way.url, 'test', createTestLogger().logger);
  owner = await openClient({ url, applicationName: 'test' });
  await owner.query('SELECT pg_advisory_lock(1)');
});
afterEach(() =>
  inTurn(
    () => pool.end(),
    () => owner.end(),
    () => way.stop(),
  ),
);

/** Waits for a lock for too long, as a statement of a store does; answers what has come of it so far. */
const waitTooLong = () => {
  const reported: unknown[] = [];
  const statement = pool.query('SELECT pg_advisory_xact_lock(1)');
  void statement.catch((error: unknown) => reported.push(error));
  return { reported, statement };
};

test('that a lock was waited for too long is reported once the server has released the others', async () => {
  const { reported, statement } = waitTooLong();
  await way.untilHeld();
  // On another connection: what the first one has received before is known by then.
  await pool.query('SELECT 1');
  expect(reported).toEqual([]);
  way.goOn();
  await expect(statement).rejects.toMatchObject({ code: LOCK_NOT_AVAILABLE });
});

test('where the connection is lost before that, the statement has failed all the same', async () => {
  const { statement } = waitTooLong();
  await way.untilHeld();
  way.cut();
  await expect(statement).rejects.toThrow('Connection terminated');
});
