import process from 'node:process';
import { startRunner } from './runner.ts';

// Runs the seeds that its parent sends it, one at a time, until the parent disconnects. Its argument is the number of instances.

const [instances] = process.argv.slice(2);
const runner = await startRunner(instances === undefined ? {} : { instances: Number(instances) });

process.on('message', (seed: number) => {
  void runner.run(seed).then((run) => process.send?.(run));
});
process.on('disconnect', () => void runner.stop().finally(() => process.exit(0)));
