import { UsageError } from '@order-pipeline/command-line';
import { GatewayError } from '@order-pipeline/gateway-client';
import { nextStopRequest } from '@order-pipeline/launcher';
import { createRuntime } from '@order-pipeline/service-kit';
import process from 'node:process';
import { DemoError } from './demo-error.ts';
import { HELP, parseOptions } from './options.ts';
import { runDemo } from './run.ts';
import { createScreen } from './screen.ts';

// demo [options]: see HELP.

/** As shells tell that a program was ended by Ctrl-C. */
const INTERRUPTED = 130;

const runtime = createRuntime();
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const screen = createScreen(process.stdout, runtime);
const asked = new AbortController();

const run = async (): Promise<number> => {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    screen.say(HELP);
    return 0;
  }
  const stopRequest = nextStopRequest(runtime, process.env['npm_lifecycle_event'] !== undefined);
  void stopRequest.then(({ sentence, error }) => {
    screen.say(sentence);
    asked.abort(error ?? new DemoError('Stopped before the end'));
  });
  return (await runDemo(options, { runtime, screen, signal: asked.signal })) ? 0 : 1;
};

const main = async (): Promise<number> => {
  try {
    return await run();
  } catch (error) {
    const isSentence =
      error instanceof DemoError || error instanceof GatewayError || error instanceof UsageError;
    console.error(isSentence ? error.message : error);
    return asked.signal.aborted ? INTERRUPTED : 1;
  }
};

process.exit(await main());
