import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { times } from '@order-pipeline/testing';

const LOGGER = new URL('../src/logger.ts', import.meta.url).href;
const LINES = 1_000;

/** What a process writes to stdout that logs `LINES` lines at once and ends. */
const loggedBy = async (terminal: boolean): Promise<string> => {
  const code = `
    import { createLogger } from ${JSON.stringify(LOGGER)};
    const logger = createLogger('info', ${terminal});
    for (let line = 0; line < ${LINES}; line += 1) logger.info({ line }, 'Grüße 訂單');
  `;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', code];
  return (await promisify(execFile)(process.execPath, args)).stdout;
};

test('for programs, lines are JSON, each whole and in its order', async () => {
  const lines = (await loggedBy(false)).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    times(LINES, (line) => expect.objectContaining({ level: 30, line, msg: 'Grüße 訂單' })),
  );
});

test('for a person at a terminal, lines are readable, each whole and in its order', async () => {
  const lines = (await loggedBy(true)).trimEnd().split('\n');
  expect(lines).toHaveLength(LINES);
  lines.forEach((line, index) => {
    expect(line).toContain('Grüße 訂單');
    expect(line).toMatch(new RegExp(`"line":${index}\\b`));
  });
});
