import { expect, test } from '@jest/globals';
import { createRuntime } from '@order-pipeline/service-kit';
import { createLogger, startSystem, type System } from '../src/index.ts';
import { ownDataDir, post, quickSettings } from './system-harness.ts';

ownDataDir();

const DELAY_MS = 60_000;

/** Starts users with a delay that passes, half by half, when the test says so. */
const startUsers = async () => {
  const real = createRuntime();
  const halves: (() => void)[] = [];
  const after: typeof real.after = (ms, fn) => {
    if (ms !== DELAY_MS / 2) return real.after(ms, fn);
    halves.push(fn);
    return () => undefined;
  };
  const system = await startSystem({
    environment: { ...quickSettings(), SHUTDOWN_DELAY_MS: String(DELAY_MS) },
    services: ['users'],
    logger: createLogger('silent'),
    durability: 'off',
    runtime: { ...real, after },
  });
  const passHalf = async (): Promise<void> => {
    halves.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { system, passHalf };
};

const register = ({ url }: System, userId: string) =>
  post(`${url}/api/users`, { userId, name: 'Sriram', email: 'sriram@example.com' });

test('one that is asked to end is not ready at once, and serves on until it is out of rotation', async () => {
  const { system, passHalf } = await startUsers();
  try {
    expect((await fetch(`${system.url}/health/ready`)).status).toBe(200);
    const leaving = system.leave();
    const ready = await fetch(`${system.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'not ready', checks: { process: 'is stopping' } });
    expect((await register(system, 'user1')).status).toBe(201);
    const live = await fetch(`${system.url}/health/live`);
    expect(live.headers.get('connection')).toBe('keep-alive');

    await passHalf();
    expect((await register(system, 'user2')).status).toBe(201);
    const last = await fetch(`${system.url}/health/live`);
    expect(last.headers.get('connection')).toBe('close');

    await passHalf();
    await leaving;
  } finally {
    await system.stop();
  }
  await expect(fetch(`${system.url}/health/live`)).rejects.toThrow();
}, 180_000);
