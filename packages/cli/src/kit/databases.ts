import type { DatabaseName } from '@order-pipeline/contracts';
import { findEmbeddedPostgres, startEmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { databaseVariable, processSchema, urlSchema } from '@order-pipeline/launcher/settings.ts';
import { parseSettings, type Runtime } from '@order-pipeline/service-kit';
import { CliError } from './cli-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Called with how what is being opened is closed, before it is open: a command may be stopped at any moment. */
type OnOpen = (close: () => Promise<unknown>) => void;

/** What databases are opened for. */
interface Purpose {
  readonly environment: Environment;
  readonly runtime: Runtime;
  readonly say: (line: string) => void;
  readonly onOpen: OnOpen;
  /** As in `the audit`. */
  readonly what: string;
}

/**
 * The PostgreSQL in DATA_DIR, as it runs; where it does not, or only because its parent process was killed, it is started
 * for as long as the command takes.
 */
const openEmbedded = async (
  dataDir: string,
  names: readonly DatabaseName[],
  { runtime, say, onOpen, what }: Purpose,
) => {
  const found = await findEmbeddedPostgres(dataDir);
  if (found.state === 'running') {
    say(`Reading the PostgreSQL that runs on ${dataDir}`);
    return { url: found.url, isStopped: false };
  }
  if (found.state === 'missing') {
    throw new CliError(
      `There is no database in DATA_DIR ${dataDir}: name the one of the system, or set ${names.map(databaseVariable).join(', ')}`,
    );
  }
  say(`Starting the PostgreSQL in ${dataDir} for ${what}`);
  if (found.state === 'abandoned') say('It was left running by a start that was killed, and is ended first');
  const starting = startEmbeddedPostgres({ dataDir, databases: [], log: () => undefined, runtime });
  onOpen(() =>
    starting.then(
      (started) => started.stop(),
      () => undefined,
    ),
  );
  const { url } = await starting;
  return { url, isStopped: true };
};

interface Databases<Name extends DatabaseName> {
  readonly url: (name: Name) => string;
  /** Whether nothing of the system runs. */
  readonly isStopped: boolean;
}

/**
 * Finds the databases that the settings name, as the services do: a URL that is set, else what is embedded in DATA_DIR.
 *
 * @throws SettingsError with every wrong setting; CliError, or the error of the PostgreSQL that cannot be reached
 */
export const openDatabases = async <Name extends DatabaseName>(
  names: readonly Name[],
  purpose: Purpose,
): Promise<Databases<Name>> => {
  const { environment } = purpose;
  const process = parseSettings(processSchema.pick({ DATA_DIR: true }), environment);
  const urls = parseSettings(urlSchema(names, []), environment);
  const isEmbedded = names.some((name) => urls[databaseVariable(name)] === undefined);
  const embedded = isEmbedded ? await openEmbedded(process.DATA_DIR, names, purpose) : undefined;
  return {
    url: (name) => urls[databaseVariable(name)] ?? embedded?.url(name) ?? '',
    isStopped: embedded?.isStopped ?? false,
  };
};
