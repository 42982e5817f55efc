import { createRuntime } from '@order-pipeline/service-kit';
import { runCommands } from '../src/kit/run.ts';
import { createProgram } from '../src/program.ts';

/** What a command said and ended with. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `orders` in this process. */
export const runOrders = async (
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> => {
  let [out, err] = ['', ''];
  const code = await runCommands(createProgram, args, {
    environment,
    runtime: createRuntime(),
    print: async (text) => {
      out += `${text}\n`;
    },
    say: (line) => {
      err += `${line}\n`;
    },
  });
  return { code, out, err };
};
