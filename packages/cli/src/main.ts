import process from 'node:process';

// orders <command> [options]: see --help.

/** As documented, whenever it is not known what else to end with. */
const UNKNOWN = 2;

let exitCode = UNKNOWN;
// Also where Node ends the process by itself, with 1 for an error that nobody caught.
process.once('exit', () => {
  process.exitCode = exitCode;
});
// Nobody may be left to read it.
process.stderr.on('error', () => undefined);

try {
  // Loaded here, so that a program that cannot even be loaded ends with the right code.
  const { runOrders } = await import('./orders.ts');
  // oxlint-disable-next-line no-restricted-properties -- the one place where it is read
  exitCode = await runOrders(process.argv.slice(2), process.env);
} catch (error) {
  process.stderr.write(`It could not be done: ${String(error)}\n`);
}
process.exit(exitCode);
