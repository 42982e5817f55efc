import { expect, test } from '@jest/globals';
import { createManualTime, createTestLogger, eventually } from '@order-pipeline/testing';
import { createClosers } from '../src/index.ts';

const setUp = () => {
  const time = createManualTime();
  const { logger, logs } = createTestLogger();
  const closed: string[] = [];
  const closers = createClosers(time.runtime, logger);
  return { ...time, logs, closed, closers };
};

test('what was opened last is closed first, one after the other', async () => {
  const { closers, closed } = setUp();
  for (const name of ['database', 'consumer', 'server']) {
    closers.add(name, async () => {
      closed.push(`${name} closes`);
      await Promise.resolve();
      closed.push(`${name} closed`);
    });
  }
  await closers.closeAll();
  expect(closed).toEqual([
    'server closes',
    'server closed',
    'consumer closes',
    'consumer closed',
    'database closes',
    'database closed',
  ]);
});

test('one that fails is logged and the others are closed', async () => {
  const { closers, closed, logs } = setUp();
  closers.add('database', async () => closed.push('database'));
  closers.add('consumer', () => Promise.reject(new Error('lost')));
  closers.add('server', () => {
    throw new Error('at once');
  });
  await closers.closeAll();
  expect(closed).toEqual(['database']);
  expect(logs).toMatchObject([
    { part: 'server', err: { message: 'at once' } },
    { part: 'consumer', err: { message: 'lost' } },
  ]);
});

test('one that does not end is left after 4 s', async () => {
  const { closers, closed, logs, advance, pending } = setUp();
  closers.add('database', async () => closed.push('database'));
  closers.add('server', () => new Promise(() => undefined));
  const all = closers.closeAll();
  await eventually(() => expect(pending()).toBe(1));
  advance(3_999);
  expect(closed).toEqual([]);
  advance(1);
  await all;
  expect(closed).toEqual(['database']);
  expect(logs).toMatchObject([{ level: 40, part: 'server', reason: 'not closed within 4000 ms' }]);
});

test('closing a second time closes nothing twice', async () => {
  const { closers, closed } = setUp();
  closers.add('database', async () => closed.push('database'));
  await Promise.all([closers.closeAll(), closers.closeAll()]);
  expect(closed).toEqual(['database']);
});
