import { expect, test } from '@jest/globals';
import { KAFKA_GRANTS, KAFKA_USERS, type KafkaUser } from '../src/index.ts';

// Written out by hand, from what each of them is for: the table of the lifecycle may not widen it by itself.

const EVENTS = ['ORDER_PLACED', 'ORDER_PROCESSING', 'ORDER_SHIPPED', 'ORDER_DELIVERED'];
const DLQS = EVENTS.map((topic) => `${topic}.DLQ`);

const EXPECTED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  orders: {
    'Write topic': EVENTS,
    'DescribeConfigs topic': EVENTS,
    'Read topic': DLQS,
    'Read group': ['dead-letters'],
    'Describe group': ['inventory', 'workflow', 'shipping', 'delivery'],
  },
  inventory: {
    'Read topic': ['ORDER_SHIPPED'],
    'Write topic': ['ORDER_SHIPPED.DLQ'],
    'Read group': ['inventory'],
  },
  workflow: {
    'Read topic': ['ORDER_PLACED'],
    'Write topic': ['ORDER_PROCESSING', 'ORDER_PLACED.DLQ'],
    'Read group': ['workflow'],
  },
  shipping: {
    'Read topic': ['ORDER_PROCESSING'],
    'Write topic': ['ORDER_SHIPPED', 'ORDER_PROCESSING.DLQ'],
    'Read group': ['shipping'],
  },
  delivery: {
    'Read topic': ['ORDER_SHIPPED'],
    'Write topic': ['ORDER_DELIVERED', 'ORDER_SHIPPED.DLQ'],
    'Read group': ['delivery'],
  },
  audit: { 'Read topic': [...EVENTS, ...DLQS], 'Read prefixed group': ['audit-'] },
};

const grantsOf = (user: KafkaUser): Record<string, string[]> => {
  const found: Record<string, string[]> = {};
  for (const { operations, resource, pattern, names } of KAFKA_GRANTS.filter((one) => one.user === user))
    for (const operation of operations) {
      const key = [operation, ...(pattern === 'prefixed' ? [pattern] : []), resource].join(' ');
      found[key] = [...(found[key] ?? []), ...names];
    }
  return found;
};

test('the users of Kafka are the services that use it, and the audit', () => {
  expect([...KAFKA_USERS].toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

test.each(KAFKA_USERS)('%s may do what it is for', (user) => {
  const { 'Describe topic': _described = [], ...grants } = grantsOf(user);
  expect(grants).toEqual(EXPECTED[user]);
});

test.each(KAFKA_USERS)('%s sees every topic, and none is granted to it twice', (user) => {
  const grants = grantsOf(user);
  const seen = ['Read', 'Write', 'Describe'].flatMap((operation) => grants[`${operation} topic`] ?? []);
  expect(seen.toSorted()).toEqual([...EVENTS, ...DLQS].toSorted());
});
