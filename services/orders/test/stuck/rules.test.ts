import { expect, test } from '@jest/globals';
import { NEXT_WORKER } from '@order-pipeline/contracts';
import { decideReason, isStalled, topicFor } from '../../src/stuck/rules.ts';

const nothing = {
  isReservationMissing: false,
  hasDeadLetter: false,
  isInOutbox: false,
  isLocked: false,
  isConsumerStalled: false,
};

test('each fact is a reason, and without any the event is lost', () => {
  expect(decideReason({ ...nothing, isReservationMissing: true })).toBe('RESERVATION_MISSING');
  expect(decideReason({ ...nothing, hasDeadLetter: true })).toBe('DEAD_LETTER');
  expect(decideReason({ ...nothing, isInOutbox: true })).toBe('EVENT_NOT_PUBLISHED');
  expect(decideReason({ ...nothing, isLocked: true })).toBe('ROW_LOCKED');
  expect(decideReason({ ...nothing, isConsumerStalled: true })).toBe('CONSUMER_NOT_PROGRESSING');
  expect(decideReason(nothing)).toBe('EVENT_LOST');
});

test('of several reasons, the one is reported that a person has to fix', () => {
  const all = {
    isReservationMissing: true,
    hasDeadLetter: true,
    isInOutbox: true,
    isLocked: true,
    isConsumerStalled: true,
  };
  expect(decideReason(all)).toBe('RESERVATION_MISSING');
  expect(decideReason({ ...all, isReservationMissing: false })).toBe('DEAD_LETTER');
  expect(decideReason({ ...nothing, isInOutbox: true, isConsumerStalled: true })).toBe('EVENT_NOT_PUBLISHED');
  expect(decideReason({ ...nothing, isLocked: true, isConsumerStalled: true })).toBe('ROW_LOCKED');
});

test('a group makes no progress when Kafka reports nothing of it, it has no members, or it has not moved for long enough', () => {
  expect(isStalled(undefined, 1_000)).toBe(true);
  expect(isStalled({ members: 0, standsForMs: 0 }, 1_000)).toBe(true);
  expect(isStalled({ members: 1, standsForMs: 1_000 }, 1_000)).toBe(true);
  expect(isStalled({ members: 1, standsForMs: 999 }, 1_000)).toBe(false);
});

test('an order waits for the worker that publishes the next status', () => {
  expect(NEXT_WORKER).toEqual({ PENDING: 'workflow', PROCESSING: 'shipping', SHIPPED: 'delivery' });
  expect(topicFor('SHIPPED')).toBe('ORDER_SHIPPED');
});
