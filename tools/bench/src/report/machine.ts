import os from 'node:os';
import process from 'node:process';

const GIB = 2 ** 30;

/** Where a figure was measured, and on which versions. */
export const describeMachine = (versions: Readonly<Record<string, string>>): Record<string, string> => ({
  cores: `${os.cpus().length} × ${os.cpus()[0]?.model.trim() ?? 'unknown'}`,
  memory: `${Math.round(os.totalmem() / GIB)} GiB`,
  system: `${os.type()} ${os.release()}, ${os.arch()}`,
  'Node.js': process.versions.node,
  ...versions,
});
