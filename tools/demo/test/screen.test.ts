import { expect, test } from '@jest/globals';
import { createRuntime } from '@order-pipeline/service-kit';
import { createScreen, type Output } from '../src/screen.ts';

const createOutput = () => {
  let text = '';
  const output: Output = { write: (chunk: Uint8Array | string) => Boolean((text += chunk.toString())) };
  return { output, text: () => text };
};

test('without a terminal, a line says how far it has come, and the last one how it ended', async () => {
  const { output, text } = createOutput();
  const screen = createScreen(output, createRuntime());
  let value = 0;
  const work = (async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    value = 1_200;
    return 'done';
  })();
  const view = () => ({ bars: [{ label: 'placed', value, total: 1_200 }], note: `PENDING ${value}` });
  expect(await screen.during(work, view)).toBe('done');
  expect(text()).toBe('  placed 1,200/1,200 · PENDING 1200\n');
});

test('what fails while it is shown fails where it is awaited, and the screen continues', async () => {
  const { output, text } = createOutput();
  const screen = createScreen(output, createRuntime());
  const failing = screen.during(Promise.reject(new Error('broken')), () => ({ bars: [] }));
  await expect(failing).rejects.toThrow('broken');
  screen.say('after it');
  expect(text()).toContain('after it\n');
});
