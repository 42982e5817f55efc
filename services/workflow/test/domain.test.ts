import { expect, test } from '@jest/globals';
import { createOrderBuffer, type OrderMessage } from '../src/domain.ts';

const message = (orderId: string, offset: number, partition = 0): OrderMessage => ({
  topic: 'ORDER_PLACED',
  partition,
  offset: String(offset),
  orderId,
});

const LIMIT = 3;
const bufferOf = (...messages: OrderMessage[]) => {
  const buffer = createOrderBuffer<OrderMessage>(LIMIT);
  buffer.add(messages);
  return buffer;
};

test('what was added first is handed out first, and stays until it is dropped', () => {
  const buffer = bufferOf(message('b', 1), message('a', 2));
  expect(buffer.messages()).toEqual([message('b', 1), message('a', 2)]);
  expect(buffer.messages()).toHaveLength(2);
  buffer.drop([message('b', 1)]);
  expect(buffer.messages()).toEqual([message('a', 2)]);
  expect(buffer.size()).toBe(1);
});

test('a message that comes twice is held once', () => {
  const buffer = bufferOf(message('a', 1), message('a', 1));
  buffer.add([message('a', 1)]);
  expect(buffer.messages()).toEqual([message('a', 1)]);
  expect(buffer.size()).toBe(1);
});

test('messages of one offset in two partitions are two', () => {
  expect(bufferOf(message('a', 1, 0), message('b', 1, 1)).size()).toBe(2);
});

test('an order that is announced twice is held once, with both messages, so that both are committed', () => {
  const buffer = bufferOf(message('a', 1), message('b', 2), message('a', 3));
  expect(buffer.messages()).toEqual([message('a', 1), message('a', 3), message('b', 2)]);
  buffer.drop([message('a', 1)]);
  expect(buffer.holds('a')).toBe(true);
  buffer.drop([message('a', 3)]);
  expect(buffer.holds('a')).toBe(false);
});

test('what comes while a batch is processed stays when the batch is dropped', () => {
  const buffer = bufferOf(message('a', 1));
  const batch = buffer.messages();
  buffer.add([message('a', 2), message('b', 3)]);
  buffer.drop(batch);
  expect(buffer.messages()).toEqual([message('a', 2), message('b', 3)]);
});

test('dropping what it does not hold changes nothing', () => {
  const buffer = bufferOf(message('a', 1));
  buffer.drop([message('a', 2), message('b', 1)]);
  buffer.drop([message('a', 1)]);
  buffer.drop([message('a', 1)]);
  expect(buffer.size()).toBe(0);
});

test('it is full at its limit, and takes what is given to it all the same', () => {
  const buffer = bufferOf(message('a', 1), message('b', 2));
  expect(buffer.isFull()).toBe(false);
  buffer.add([message('c', 3), message('d', 4)]);
  expect(buffer.isFull()).toBe(true);
  expect(buffer.size()).toBe(4);
  buffer.drop([message('a', 1), message('b', 2)]);
  expect(buffer.isFull()).toBe(false);
});

test('cleared, it is empty and takes again what it had', () => {
  const buffer = bufferOf(message('a', 1), message('b', 2), message('c', 3));
  buffer.clear();
  expect(buffer.messages()).toEqual([]);
  expect(buffer.holds('a')).toBe(false);
  expect(buffer.isFull()).toBe(false);
  buffer.add([message('a', 1)]);
  expect(buffer.size()).toBe(1);
});
