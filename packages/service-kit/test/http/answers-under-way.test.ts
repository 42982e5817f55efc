import { expect, test } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { createUnderWay } from '../../src/http/answers-under-way.ts';

const replies = Array.from({ length: 5 }, (_, index) => ({ index }) as unknown as FastifyReply);

const filled = () => {
  const underWay = createUnderWay<string>();
  const answers = replies.map((reply) => underWay.add(reply));
  const left = () => [...underWay.all()].map(({ reply }) => replies.indexOf(reply));
  return { underWay, answers, left };
};

test('answers are gone through from the oldest on, whichever were taken out', () => {
  const { underWay, answers, left } = filled();
  expect(left()).toEqual([0, 1, 2, 3, 4]);
  for (const index of [2, 0, 4, 2]) if (answers[index]) underWay.remove(answers[index]);
  expect(left()).toEqual([1, 3]);
  if (replies[0]) underWay.add(replies[0]);
  expect(left()).toEqual([1, 3, 0]);
});

test('the one that is looked at may be taken out, until none is left', () => {
  const { underWay, left } = filled();
  for (const answer of underWay.all()) underWay.remove(answer);
  expect(left()).toEqual([]);
});

test('what was taken out keeps none of the others alive', () => {
  const { underWay, answers } = filled();
  for (const answer of answers) underWay.remove(answer);
  for (const { older, newer } of answers) expect([older, newer]).toEqual([undefined, undefined]);
});
