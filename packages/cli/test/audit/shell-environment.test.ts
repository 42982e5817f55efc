import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { inventoryApi, ordersApi, usersApi } from '@order-pipeline/contracts';
import { createGateway } from '@order-pipeline/gateway-client';
import { createRuntime } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';

const fileOf = (at: string): string => fileURLToPath(new URL(at, import.meta.url));
const LAUNCHER = fileOf('../../../launcher/src/main.ts');
const MAIN = fileOf('../../src/main.ts');

/** What shells set for psql, each of which would break something. */
const HOSTILE = {
  PGHOST: 'nowhere.invalid',
  PGHOSTADDR: '192.0.2.1',
  PGPORT: '1',
  PGDATABASE: 'elsewhere',
  PGUSER: 'nobody',
  PGPASSWORD: 'wrong',
  PGPASSFILE: '/nonexistent/passwords',
  PGSERVICE: 'nonexistent',
  PGSERVICEFILE: '/nonexistent/services',
  PGSSLMODE: 'verify-full',
  PGSSLNEGOTIATION: 'direct',
  PGSSLROOTCERT: '/nonexistent/root.crt',
  PGREQUIRESSL: '1',
  PGOPTIONS: '-c search_path=elsewhere -c default_transaction_read_only=on -c TimeZone=Asia/Tokyo',
  PGAPPNAME: 'shell',
  PGCLIENTENCODING: 'LATIN1',
  PGCLIENT_ENCODING: 'LATIN1',
  PGREPLICATION: 'database',
  PGBINARY: '1',
  PGTARGETSESSIONATTRS: 'standby',
  PGCONNECT_TIMEOUT: '1',
  PGTZ: 'Asia/Tokyo',
  PGDATESTYLE: 'German',
  PGDATA: '/nonexistent/data',
  LC_ALL: 'tr_TR.UTF-8',
};

let dataDir: string;
let launcher: ChildProcess | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-shell-'));
});
afterEach(async () => {
  if (launcher && launcher.exitCode === null) {
    launcher.kill('SIGTERM');
    await once(launcher, 'exit');
  }
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

const environment = () => {
  const { PATH = '' } = process.env;
  return { PATH, ...HOSTILE, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' };
};

/** Starts the whole system, embedded; answers where its API is. */
const start = async (): Promise<string> => {
  launcher = spawn(process.execPath, ['--import', 'tsx', LAUNCHER], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [launcher.stdout, launcher.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  return eventually(
    () => {
      const url = /API +(http:\/\/\S+)\/api/.exec(said)?.[1];
      if (url === undefined) throw new Error(`it does not run:\n${said}`);
      return url;
    },
    { timeoutMs: 60_000 },
  );
};

const audit = (): Promise<{ code: number; stderr: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', MAIN, 'audit'],
      { env: environment() },
      (error, _, stderr) => resolve({ code: error ? Number(error.code) : 0, stderr }),
    );
  });

test('what the shell sets for psql changes nothing of an embedded system and of its audit', async () => {
  const url = await start();
  const gateway = createGateway({ url, runtime: createRuntime(), signal: new AbortController().signal });
  const [userId, itemId] = ['user1', 'item1'];
  try {
    for (const { refusal } of [
      await gateway.call(usersApi.registerUser, { body: { userId, name: 'Ann', email: 'ann@example.com' } }),
      await gateway.call(inventoryApi.addItem, { body: { itemId, itemName: 'Käse', availableQty: 5 } }),
      await gateway.call(ordersApi.placeOrder, {
        body: { order: { orderId: 'order1', userId, items: [{ itemId, quantity: 2 }] } },
      }),
    ])
      expect(refusal).toBeUndefined();
    const item = await gateway.call(inventoryApi.getItem, { params: { itemId } });
    expect(item).toMatchObject({ body: { itemName: 'Käse', availableQty: 3 } });
  } finally {
    await gateway.close();
  }
  expect(await audit()).toMatchObject({ code: 0, stderr: expect.stringContaining('Reading the PostgreSQL') });
  launcher?.kill('SIGTERM');
  if (launcher) await once(launcher, 'exit');
  expect(await audit()).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Starting the PostgreSQL'),
  });
}, 120_000);
