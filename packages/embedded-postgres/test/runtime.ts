import { randomBytes } from 'node:crypto';
import type { EmbeddedPostgresOptions } from '../src/index.ts';

/** What the database needs of the service kit's Runtime, without loading the rest of the kit in every child process. */
export const testRuntime: EmbeddedPostgresOptions['runtime'] = {
  monotonic: () => performance.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};
