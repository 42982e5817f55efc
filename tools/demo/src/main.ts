import { CliError, EXIT, runProgram, type ExitCode } from '@order-pipeline/cli/kit';
import { nextStopRequest } from '@order-pipeline/launcher';
import { createRuntime } from '@order-pipeline/service-kit';
import process from 'node:process';
import { HELP, parseOptions } from './options.ts';
import { runDemo } from './run.ts';
import { createScreen } from './screen.ts';

// demo [options]: see HELP.

const runtime = createRuntime();
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const screen = createScreen(process.stdout, runtime);
const asked = new AbortController();

const run = async (): Promise<ExitCode> => {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    screen.say(HELP);
    return EXIT.done;
  }
  const stopRequest = nextStopRequest(runtime, process.env['npm_lifecycle_event'] !== undefined);
  void stopRequest.then(({ sentence, error }) => {
    screen.say(sentence);
    asked.abort(error ?? new CliError('Stopped before the end'));
  });
  return (await runDemo(options, { runtime, screen, signal: asked.signal })) ? EXIT.done : EXIT.notDone;
};

process.exit(await runProgram(run));
