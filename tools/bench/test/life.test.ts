import { expect, test } from '@jest/globals';
import { createLife } from '../src/context/life.ts';

const start = () => {
  const ended: string[] = [];
  const said: string[] = [];
  const life = createLife((sentence) => said.push(sentence));
  const open = (name: string) => life.opened(name, async () => ended.push(name));
  return { life, open, ended, said };
};

test('what was started last is ended first, and once', async () => {
  const { life, open, ended } = start();
  const endFirst = open('first');
  const endSecond = open('second');
  open('third');
  await endSecond();
  await life.closeAll();
  await endFirst();
  expect(ended).toEqual(['second', 'third', 'first']);
});

test('what cannot be ended is reported, and the others are ended all the same', async () => {
  const { life, open, ended, said } = start();
  open('first');
  life.opened('the second', async () => {
    throw new Error('no');
  });
  await life.closeAll();
  expect(ended).toEqual(['first']);
  expect(said).toEqual(['Could not end the second: Error: no']);
});

test('what starts after the end is ended at once', async () => {
  const { life, open, ended } = start();
  await life.closeAll();
  await open('late')();
  expect(ended).toEqual(['late']);
});
