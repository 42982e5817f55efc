// kcat, and with it librdkafka, the client of most languages that are not Java's, at a cluster that listens.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORDS } from '../../conformance/secured.ts';
import { SECURITY } from '../secured-cluster.ts';
import { createCluster, type Listener, type MemoryCluster } from '../../src/index.ts';
import { runProgram } from './programs.ts';

const isThere = spawnSync('kcat', ['-V']).status === 0;

let cluster: MemoryCluster;
let listener: Listener;

beforeAll(async () => {
  cluster = createCluster({ autoCreatePartitions: 2 });
  listener = await cluster.listen();
});

afterAll(() => listener.close());

const kcat = (args: readonly string[], input = ''): Promise<string> =>
  runProgram('kcat', ['-q', '-b', listener.brokers.join(), ...args], input);

const lines = (text: string): string[] => text.trim().split('\n');

// Debian's package kcat has it.
(isThere ? describe : describe.skip)('kcat', () => {
  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    'logs in by %s, and is refused what no ACL allows',
    async (mechanism) => {
      const secured = await createCluster(SECURITY).listen();
      const as = (username: string, password: string, ...args: string[]): Promise<string> => {
        const login = { mechanisms: mechanism, username, password };
        const sasl = Object.entries(login).flatMap(([name, value]) => ['-X', `sasl.${name}=${value}`]);
        const protocol = ['-X', 'security.protocol=SASL_PLAINTEXT'];
        return runProgram('kcat', ['-b', secured.brokers.join(), ...protocol, ...sasl, ...args], 'paid');
      };
      const produce = ['-P', '-t', 'secret'];
      await as('admin', PASSWORDS.admin, ...produce);
      expect(await as('admin', PASSWORDS.admin, '-q', '-C', '-t', 'secret', '-e')).toBe('paid\n');
      await expect(as('alice', PASSWORDS.alice, ...produce)).rejects.toThrow(/authorization failed/i);
      await expect(as('alice', 'wrong', ...produce)).rejects.toThrow(/broker connections are down/);
      await secured.close();
    },
  );

  it('lists what there is', async () => {
    await kcat(['-P', '-t', 'listed'], 'first');
    const { brokers, topics } = JSON.parse(await kcat(['-L', '-J']));
    expect(brokers).toEqual([{ id: 1, name: listener.brokers[0] }]);
    expect(topics).toEqual([
      expect.objectContaining({
        topic: 'listed',
        partitions: [expect.objectContaining({ leader: 1 }), expect.objectContaining({ leader: 1 })],
      }),
    ]);
  });

  it.each(['none', 'gzip'])(
    'reads what it wrote with keys and headers, compressed with %s',
    async (codec) => {
      const topic = `written-${codec}`;
      const input = Array.from({ length: 100 }, (_, index) => `key-${index}:value-${index}`).join('\n');
      await kcat(['-P', '-t', topic, '-K:', '-H', 'from=kcat', '-z', codec], input);
      const read = await kcat(['-C', '-t', topic, '-e', '-o', 'beginning', '-f', '%k:%s %h\n']);
      expect(lines(read).toSorted()).toEqual(
        lines(input)
          .map((line) => `${line} from=kcat`)
          .toSorted(),
      );
    },
  );

  it('keeps trying what is refused for a moment, and writes it once', async () => {
    const fault = cluster.faults.refuse('produce', 'NOT_LEADER_FOR_PARTITION', { topic: 'once', times: 2 });
    const idempotent = ['-X', 'enable.idempotence=true', '-X', 'retry.backoff.ms=10'];
    await kcat(['-P', '-t', 'once', '-p', '0', ...idempotent], 'paid');
    expect(fault.fired()).toBe(2);
    expect(lines(await kcat(['-C', '-t', 'once', '-p', '0', '-e', '-o', 'beginning']))).toEqual(['paid']);
    expect(lines(await kcat(['-Q', '-t', 'once:0:-1']))).toEqual(['once [0] offset 1']);
  });

  it('reads in a group, commits, and continues behind what it committed', async () => {
    const readOne = (): Promise<string> =>
      kcat(['-G', 'readers', '-c', '1', '-X', 'auto.offset.reset=earliest', 'grouped']);
    await kcat(['-P', '-t', 'grouped', '-p', '0'], 'one\ntwo');
    expect([lines(await readOne()), lines(await readOne())]).toEqual([['one'], ['two']]);
    expect(cluster.inspect().groups).toMatchObject([{ groupId: 'readers', state: 'Empty' }]);
  });
});
