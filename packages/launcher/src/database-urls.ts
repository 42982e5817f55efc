import type { DatabaseName } from '@order-pipeline/contracts';
import { isPooled } from '@order-pipeline/service-kit';
import { databaseVariable, migrationVariable, type Migrate } from './settings.ts';

/** The settings that lead to databases, by their variables. */
type Urls = Readonly<Record<string, string | undefined>>;

/** What is wrong with where migrations lead: they need sessions of PostgreSQL itself. */
export const pooledMigrations = (databases: readonly DatabaseName[], urls: Urls): string[] =>
  databases.flatMap((name) => {
    const own = urls[databaseVariable(name)];
    const direct = urls[migrationVariable(name)];
    if (direct === undefined)
      return own !== undefined && isPooled(own)
        ? [
            `${migrationVariable(name)} must be set where ${databaseVariable(name)} leads to PgBouncer, and lead to PostgreSQL itself`,
          ]
        : [];
    return isPooled(direct)
      ? [`${migrationVariable(name)} must lead to PostgreSQL itself, not to PgBouncer`]
      : [];
  });

/** The embedded PostgreSQL has one role, and is nobody else's to change. */
const lonelyMigrationUrls = (databases: readonly DatabaseName[], urls: Urls): string[] =>
  databases
    .filter((name) => urls[migrationVariable(name)] && !urls[databaseVariable(name)])
    .map((name) => `${databaseVariable(name)} must be set where ${migrationVariable(name)} is`);

/** The embedded PostgreSQL has no replica. */
const lonelyReadUrl = (planned: readonly { readonly settings: unknown }[], urls: Urls): string[] => {
  const isRead = ({ settings }: { readonly settings: unknown }): boolean =>
    (settings as { ORDERS_DATABASE_READ_URL?: string } | undefined)?.ORDERS_DATABASE_READ_URL !== undefined;
  return planned.some(isRead) && !urls[databaseVariable('orders')]
    ? ['ORDERS_DATABASE_URL must be set where ORDERS_DATABASE_READ_URL is']
    : [];
};

/** Who does not migrate by himself needs somebody who does, and no right to. */
const refusedMigrate = (migrate: Migrate, databases: readonly DatabaseName[], urls: Urls): string[] => {
  if (migrate === 'job') return ['MIGRATE is job: such a process migrates, and starts no service'];
  if (migrate === 'start') return pooledMigrations(databases, urls);
  return databases.flatMap((name) => [
    ...(urls[databaseVariable(name)]
      ? []
      : [
          `${databaseVariable(name)} must be set where MIGRATE is off: nobody else migrates the embedded database`,
        ]),
    ...(urls[migrationVariable(name)]
      ? [`${migrationVariable(name)} means nothing where MIGRATE is off`]
      : []),
  ]);
};

/**
 * What is wrong with where the databases of a process are, a sentence each.
 *
 * @param process the services with their settings, and who migrates, as far as they could be read
 */
export const databaseUrlProblems = (
  databases: readonly DatabaseName[],
  urls: Urls,
  process: {
    readonly planned: readonly { readonly settings: unknown }[];
    readonly migrate: Migrate | undefined;
  },
): string[] => [
  ...lonelyMigrationUrls(databases, urls),
  ...lonelyReadUrl(process.planned, urls),
  ...(process.migrate ? refusedMigrate(process.migrate, databases, urls) : []),
];
