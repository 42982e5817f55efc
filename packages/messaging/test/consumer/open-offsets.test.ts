import { expect, test } from '@jest/globals';
import { createOpenOffsets } from '../../src/consumer/open-offsets.ts';

const at = (offset: number, partition = 0) => ({ topic: 'ORDER_PLACED', partition, offset: String(offset) });
const commits = (offset: number, partition = 0) => ({
  topic: 'ORDER_PLACED',
  partition,
  offset: String(offset),
});

test('nothing can be committed before the first message is done', () => {
  const open = createOpenOffsets();
  expect(open.committable()).toEqual([]);
  open.taken([at(5), at(6), at(7)]);
  expect(open.committable()).toEqual([]);
  open.done([at(6), at(7)]);
  expect(open.committable()).toEqual([]);
});

test('what is done can be committed up to the first message that is not', () => {
  const open = createOpenOffsets();
  open.taken([at(5), at(6), at(7), at(9)]);
  open.done([at(5), at(7)]);
  expect(open.committable()).toEqual([commits(6)]);
  open.done([at(6)]);
  expect(open.committable()).toEqual([commits(9)]);
  open.done([at(9)]);
  expect(open.committable()).toEqual([commits(10)]);
});

test('each partition has an offset of its own', () => {
  const open = createOpenOffsets();
  open.taken([at(5, 0)]);
  open.taken([at(5, 1), at(6, 1)]);
  open.done([at(5, 0), at(5, 1)]);
  expect(open.committable()).toEqual([commits(6, 0), commits(6, 1)]);
});

test('what is committed is not committed again', () => {
  const open = createOpenOffsets();
  open.taken([at(5), at(6)]);
  open.done([at(5)]);
  open.committed(open.committable());
  expect(open.committable()).toEqual([]);
  open.done([at(6)]);
  expect(open.committable()).toEqual([commits(7)]);
});

test('a message that was taken in before partitions were assigned anew commits nothing', () => {
  const open = createOpenOffsets();
  open.taken([at(5)]);
  open.clear();
  open.done([at(5)]);
  expect(open.committable()).toEqual([]);
  open.taken([at(3), at(4), at(5)]);
  open.done([at(5)]);
  expect(open.committable()).toEqual([]);
});

test('a message that comes twice is open once', () => {
  const open = createOpenOffsets();
  open.taken([at(5), at(6)]);
  open.taken([at(5), at(6)]);
  open.done([at(5), at(6)]);
  expect(open.committable()).toEqual([commits(7)]);
});
