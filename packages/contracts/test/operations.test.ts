import { expect, test } from '@jest/globals';
import { bodyLimitOf, NewItem, NewOrder, User, type Operation } from '../src/index.ts';
import { EVERY_INPUT, EVERY_OPERATION, partsOf, type Node } from './every-schema.ts';

const patternOf = (schema: object): RegExp => new RegExp((schema as { pattern: string }).pattern, 'u');

/** What a new id is held to, by the parameter that it stands for in paths. Ids of dead letters are made by us, in hex. */
const NEW_IDS: Readonly<Record<string, RegExp>> = {
  orderId: patternOf(NewOrder.properties.orderId),
  userId: patternOf(User.properties.userId),
  itemId: patternOf(NewItem.properties.itemId),
  letterId: /^[0-9a-f]+$/,
};

const mayBe = (part: string, word: string): boolean =>
  part.startsWith(':') ? NEW_IDS[part.slice(1)]?.test(word) !== false : part === word;

/** Whether one request could mean either: in each place both have the same word, or an id that may be that word. */
const areAmbiguous = (a: Operation, b: Operation): boolean => {
  const [ofA, ofB] = [a.path.split('/'), b.path.split('/')];
  if (a.method !== b.method || ofA.length !== ofB.length) return false;
  return ofA.every((part, index) => {
    const other = ofB[index] ?? '';
    if (part.startsWith(':') && other.startsWith(':')) return true;
    return part.startsWith(':') ? mayBe(part, other) : mayBe(other, part);
  });
};

test('no id of anything new makes one path mean two operations', () => {
  const operations = Object.entries(EVERY_OPERATION);
  const ambiguous = operations.flatMap(([name, operation], index) =>
    operations
      .slice(index + 1)
      .filter(([, other]) => areAmbiguous(operation, other))
      .map(([otherName]) => `${name} and ${otherName}`),
  );
  expect(ambiguous).toEqual([]);
});

test.each(Object.entries(NEW_IDS))(
  'no new %s is a part of a path that user agents fold away',
  (_, pattern) => {
    expect(['.', '..'].filter((id) => pattern.test(id))).toEqual([]);
  },
);

test.each(['orders', 'history', 'cancel', '...', 'a.', '.a', 'users', 'User'])(
  'an order may be called %s',
  (id) => {
    expect(NEW_IDS['orderId']?.test(id)).toBe(true);
  },
);

test('an order cannot be called user, which is a word in the path beside it', () => {
  expect(NEW_IDS['orderId']?.test('user')).toBe(false);
  expect(NEW_IDS['userId']?.test('user')).toBe(true);
});

test('every operation with a body says how large it may be, and reads nothing else', () => {
  for (const [name, { body, bodyLimitBytes }] of Object.entries(EVERY_OPERATION)) {
    expect([name, bodyLimitBytes !== undefined]).toEqual([name, body !== undefined]);
  }
  expect(Math.max(...Object.values(EVERY_OPERATION).map(bodyLimitOf))).toBeLessThanOrEqual(262_144);
});

test('every list that comes in has an end', () => {
  for (const [name, schema] of Object.entries(EVERY_INPUT)) {
    const endless = [...partsOf(schema)].filter(
      ({ type, maxItems }) => type === 'array' && maxItems === undefined,
    );
    expect([name, endless]).toEqual([name, []]);
  }
});

test('every text that comes in has an end, by its pattern or its length', () => {
  const endless = (node: Node): boolean => {
    if (node['type'] !== 'string' || node['enum'] !== undefined || node['const'] !== undefined) return false;
    const pattern = node['pattern'] as string | undefined;
    return node['maxLength'] === undefined && !/\{1,\d+\}|\{0,\d+\}/.test(pattern ?? '');
  };
  for (const [name, schema] of Object.entries(EVERY_INPUT)) {
    expect([name, [...partsOf(schema)].filter(endless)]).toEqual([name, []]);
  }
});
