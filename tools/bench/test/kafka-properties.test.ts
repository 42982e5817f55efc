import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { withHostListener } from '../src/docker/kafka-properties.ts';

const PROPERTIES = new URL('../../../docker/kafka-server.properties', import.meta.url);

test('the Kafka of the stack listens for this machine too, and keeps its own listeners', async () => {
  const text = withHostListener(await readFile(PROPERTIES, 'utf8'), 5_555);
  const valueOf = (name: string) => text.split('\n').find((line) => line.startsWith(`${name}=`));
  expect(valueOf('listeners')?.split(/[=,]/).slice(1).toSorted()).toEqual([
    'CLIENTS://:9092',
    'CONTROLLER://:9093',
    'HOST://:9094',
  ]);
  expect(valueOf('advertised.listeners')).toBe(
    'advertised.listeners=CLIENTS://kafka:9092,HOST://127.0.0.1:5555',
  );
  expect(valueOf('listener.security.protocol.map')).toContain('HOST:PLAINTEXT');
});

test('settings without listeners are reported', () => {
  expect(() => withHostListener('node.id=1', 5_555)).toThrow('has no listeners');
});
