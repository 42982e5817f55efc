import process from 'node:process';

// audit:orders [options]: see HELP.

/** As documented: 0 and 1 are said of data that was looked at, and this whenever it was not. */
const COULD_NOT_AUDIT = 2;

let exitCode = COULD_NOT_AUDIT;
// Also where Node ends the process by itself, with 1 for an error that nobody caught.
process.once('exit', () => {
  process.exitCode = exitCode;
});
// Nobody may be left to read it.
process.stderr.on('error', () => undefined);

try {
  // Loaded here, so that a program that cannot even be loaded ends with the right code.
  const { runCommand } = await import('./cli/command.ts');
  // oxlint-disable-next-line no-restricted-properties -- the one place where it is read
  exitCode = await runCommand(process.argv.slice(2), process.env);
} catch (error) {
  process.stderr.write(`The audit could not be made: ${String(error)}\n`);
}
process.exit(exitCode);
