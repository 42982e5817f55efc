import { expect, test } from 'vitest';
import nest from '../nest.cjs';
import { topicsAfterSending } from '../round-trip.mjs';

test('a program that imports kafkajs', async () => {
  expect(await topicsAfterSending('orders')).toEqual(['orders']);
});

test('NestJS in node_modules, which vitest itself does not reach', async () => {
  expect(await nest.addOverKafka(2, 3)).toBe('5');
});
