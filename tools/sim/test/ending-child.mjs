// Runs the first seed that it is sent, and dies of the second.
import process from 'node:process';

process.on('message', (seed) => {
  if (seed > 1) process.exit(7);
  process.send({ result: { seed, findings: [] }, hangs: false });
});
