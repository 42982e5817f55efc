import { expect, test } from '@jest/globals';
import { createCluster, PROTOCOL_ERROR_TYPES } from '../src/index.ts';
import { inWorld, rejection } from './support.ts';

test(
  'every error that kafkajs knows can be ordered by its name',
  inWorld(async ({ cluster, producer }) => {
    const { default: protocol } = await import('kafkajs/src/protocol/error.js');
    expect(PROTOCOL_ERROR_TYPES).toEqual(protocol.errorCodes.map(({ type }) => type));
    cluster.faults.refuse('produce', 'TOPIC_AUTHORIZATION_FAILED');
    const sending = producer.send({ topic: 'guarded', messages: [{ value: 'v' }] });
    expect(await rejection(sending)).toMatchObject({
      name: 'KafkaJSProtocolError',
      type: 'TOPIC_AUTHORIZATION_FAILED',
      code: 29,
      retriable: false,
    });
  }),
);

test('a fault that could never happen is refused where it is ordered', () => {
  const { faults } = createCluster();
  const unknownApi = 'prodcue' as 'produce';
  const unknownType = 'NO_SUCH_ERROR' as 'UNKNOWN';
  expect(() => faults.refuse('produce', unknownType)).toThrow(
    'kafkajs knows no error of type "NO_SUCH_ERROR"',
  );
  expect(() => faults.chance('produce', { refuse: { share: 1, type: unknownType } })).toThrow(TypeError);
  for (const order of [
    () => faults.refuse(unknownApi, 'UNKNOWN'),
    () => faults.delay(unknownApi, 1),
    () => faults.loseAnswer(unknownApi),
    () => faults.chance(unknownApi, {}),
  ]) {
    expect(order).toThrow('"prodcue" is none of produce, fetch,');
  }
});
