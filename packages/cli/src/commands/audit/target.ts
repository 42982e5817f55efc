import { DATABASE_NAMES, perDatabase, type DatabaseName } from '@order-pipeline/contracts';
import { findEmbeddedPostgres, startEmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { createKafkaBroker } from '@order-pipeline/launcher/kafka-broker.ts';
import { kafkaIn, kafkaSchema } from '@order-pipeline/launcher/kafka-settings.ts';
import { databaseVariable, processSchema, urlSchema } from '@order-pipeline/launcher/settings.ts';
import { pino } from 'pino';
import { parseSettings, type KafkaPort, type Runtime } from '@order-pipeline/service-kit';
import { CliError } from '../../kit/cli-error.ts';

/** What is read. */
export interface Target {
  readonly databases: Readonly<Record<DatabaseName, string>>;
  readonly kafka: KafkaPort | undefined;
  readonly kafkaMissing: string | undefined;
  /** Whether nothing of the system runs. */
  readonly isStopped: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const NO_KAFKA = 'KAFKA_BROKERS is not set, and the broker in the memory of another process cannot be read';

/** Called with how what is being opened is closed, before it is open: an audit may be stopped at any moment. */
type OnOpen = (close: () => Promise<unknown>) => void;

/**
 * The PostgreSQL in DATA_DIR, as it runs; where it does not, or only because whoever started it was killed, it is started
 * for as long as the audit takes.
 */
const openEmbedded = async (
  dataDir: string,
  runtime: Runtime,
  say: (line: string) => void,
  onOpen: OnOpen,
) => {
  const found = await findEmbeddedPostgres(dataDir);
  if (found.state === 'running') {
    say(`Reading the PostgreSQL that runs on ${dataDir}`);
    return { url: found.url, isStopped: false };
  }
  if (found.state === 'missing') {
    throw new CliError(
      `There is no database in DATA_DIR ${dataDir}: name the one of the system, or set ${DATABASE_NAMES.map(databaseVariable).join(', ')}`,
    );
  }
  say(`Starting the PostgreSQL in ${dataDir} for the audit`);
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

/**
 * Finds what the settings name, as the services do: a URL that is set, else what is embedded in DATA_DIR.
 *
 * @throws SettingsError with every wrong setting; CliError, or the error of the PostgreSQL that cannot be reached
 */
export const openTarget = async (
  environment: Environment,
  runtime: Runtime,
  say: (line: string) => void,
  onOpen: OnOpen,
): Promise<Target> => {
  const process = parseSettings(processSchema.pick({ DATA_DIR: true }), environment);
  const kafka = kafkaIn(parseSettings(kafkaSchema, environment));
  const urls = parseSettings(urlSchema(DATABASE_NAMES, []), environment);
  const isEmbedded = DATABASE_NAMES.some((name) => urls[databaseVariable(name)] === undefined);
  const embedded = isEmbedded ? await openEmbedded(process.DATA_DIR, runtime, say, onOpen) : undefined;
  const urlFor = (name: DatabaseName): string => urls[databaseVariable(name)] ?? embedded?.url(name) ?? '';
  return {
    databases: perDatabase(urlFor),
    kafka: kafka && createKafkaBroker(kafka, pino({ level: 'silent' })).connect('audit'),
    kafkaMissing: kafka ? undefined : NO_KAFKA,
    isStopped: embedded?.isStopped ?? false,
  };
};
