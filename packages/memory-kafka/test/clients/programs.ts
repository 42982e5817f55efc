import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 60_000;

/** Runs a program with `input` as its standard input; answers what it prints, rejects with that if it fails. */
export const runProgram = async (program: string, args: readonly string[], input = ''): Promise<string> => {
  const child = spawn(program, args, { timeout: TIMEOUT_MS });
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0)
    throw new Error([`${program} ${args.join(' ')} ended with ${code}`, stdout, stderr].join('\n'));
  return stdout;
};
