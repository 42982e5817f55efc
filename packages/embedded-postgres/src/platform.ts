import { platform } from 'node:process';

/** What the embedded PostgreSQL runs on. */
export type Platform = 'linux' | 'darwin';

/**
 * Says which of them this is.
 * @throws Error with one sentence on any other.
 */
export function supportedPlatform(name: string = platform): Platform {
  if (name === 'linux' || name === 'darwin') return name;
  throw new Error(
    `The embedded PostgreSQL runs on Linux and macOS, not on ${name}: start within a Linux such as WSL 2, or set ` +
      'USERS_DATABASE_URL, INVENTORY_DATABASE_URL and ORDERS_DATABASE_URL to a PostgreSQL of your own.',
  );
}
