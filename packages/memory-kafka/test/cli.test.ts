// `memory-kafka`, the broker as a process of its own.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';

const CLI = ['--import', 'tsx', fileURLToPath(new URL('../src/cli.ts', import.meta.url))];
const env = { ...process.env, NODE_OPTIONS: '' };

let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

/** Starts it; resolves with the first line that it prints. */
const start = async (...args: readonly string[]): Promise<string> => {
  child = spawn(process.execPath, [...CLI, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (!child.stdout) throw new Error('no output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return line;
};

/** What it says to `args` that make no sense, and its exit code. */
const refusal = async (...args: readonly string[]): Promise<unknown> =>
  promisify(execFile)(process.execPath, [...CLI, ...args], { env }).catch((error: unknown) => error);

describe('memory-kafka', () => {
  it('serves clients of other processes, and ends when it is asked to', async () => {
    const [, broker = ''] =
      /clients of (127\.0\.0\.1:\d+)$/.exec(await start('--port', '0', '--partitions', '3')) ?? [];
    const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING });
    const [producer, admin] = [kafka.producer(), kafka.admin()];
    await Promise.all([producer.connect(), admin.connect()]);
    await producer.send({ topic: 'orders', messages: [{ value: 'paid' }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] });
    expect(topics[0]?.partitions).toHaveLength(3);
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    const ended = once(child as ChildProcess, 'exit');
    child?.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it.each([
    [['--prot', '1'], /Unknown option '--prot'/],
    [['--port', 'x'], /--port x is no number/],
  ])('refuses %j', async (args, message) => {
    expect(await refusal(...args)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(message),
      stdout: '',
    });
  });
});
