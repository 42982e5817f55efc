import type { DatabaseName } from '@order-pipeline/contracts';
import {
  migrateForService,
  parseSettings,
  SettingsError,
  startOpening,
  type Runtime,
  type Service,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { pooledMigrations } from './database-urls.ts';
import { chooseServices, parse, unknownNames, type Environment } from './plan.ts';
import { databaseVariable, migrationVariable, processSchema, urlSchema, type LogLevel } from './settings.ts';
import { sentenceOf, StartError } from './start-error.ts';

interface PlannedMigration {
  readonly database: DatabaseName;
  readonly databaseUrl: string;
  readonly migrationUrl: string | undefined;
  /** The folder of its migrations. */
  readonly migrations: URL;
}

/** What a process is to migrate that does nothing else. */
export interface MigrationPlan {
  readonly migrations: readonly PlannedMigration[];
  readonly logLevel: LogLevel;
}

/** Whether these are the settings of a process that migrates and ends. Settings that are wrong are for who plans to report. */
export const isMigrationJob = (environment: Environment): boolean => {
  try {
    return parseSettings(processSchema.pick({ MIGRATE: true }), environment).MIGRATE === 'job';
  } catch {
    return false;
  }
};

const databaseOf = ({ database, migrations }: Service) =>
  database && migrations ? [{ database, migrations }] : [];

const lacking = (names: readonly string[], services: readonly Service[]): string[] =>
  services
    .filter(({ name, database }) => names.includes(name) && !database)
    .map(({ name }) => `${name} has no database to migrate`);

/**
 * Checks what is to be migrated.
 *
 * @param names the services whose databases they are; none means all that have one
 * @throws SettingsError with every problem
 */
export const planMigrations = (names: readonly string[], environment: Environment): MigrationPlan => {
  const services = chooseServices(names);
  const problems = [...unknownNames(names), ...lacking(names, services)];
  const owned = services.flatMap(databaseOf);
  const databases = owned.map(({ database }) => database);
  const settings = parse(processSchema.pick({ LOG_LEVEL: true, MIGRATE: true }), environment, problems);
  const urls = parse(urlSchema(databases, []), environment, problems);
  const migrations = owned.map((one) => {
    const databaseUrl = urls?.[databaseVariable(one.database)] ?? '';
    if (urls && databaseUrl === '')
      problems.push(`${databaseVariable(one.database)} must be set where MIGRATE is job`);
    return { ...one, databaseUrl, migrationUrl: urls?.[migrationVariable(one.database)] };
  });
  if (urls) problems.push(...pooledMigrations(databases, urls));
  if (!settings || problems.length > 0) throw new SettingsError([...new Set(problems)]);
  return { migrations, logLevel: settings.LOG_LEVEL };
};

/**
 * Brings each database up to its migrations, one after the other, and waits for one that is not there.
 *
 * @param signal aborted: it ends, and what it has not finished leaves nothing of itself
 * @returns whether all of them are up to their migrations
 * @throws StartError when a migration fails, or one that was applied has been changed since
 */
export const runMigrationJob = async (
  { migrations }: MigrationPlan,
  {
    runtime,
    logger,
    signal,
  }: { readonly runtime: Runtime; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<boolean> => {
  for (const planned of migrations) {
    if (signal.aborted) return false;
    const { database } = planned;
    const opening = startOpening({
      database,
      open: (stopped) => migrateForService(planned, planned.migrations, logger, stopped),
      runtime,
      logger,
    });
    signal.addEventListener('abort', opening.stop);
    const isUp = await opening.opened.then(
      () => opening.problem() === undefined,
      (error: unknown) => {
        if (signal.aborted) return false;
        throw new StartError(`The database of ${database} was not migrated: ${sentenceOf(error)}`, error);
      },
    );
    signal.removeEventListener('abort', opening.stop);
    if (!isUp) return false;
    logger.info({ database }, 'database is up to its migrations');
  }
  return true;
};
