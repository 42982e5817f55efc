import { SERVICE_NAMES, TOPIC_NAMES, TOPIC_PARTIES, type ServiceName } from '@order-pipeline/contracts';
import { SERVICES } from '@order-pipeline/launcher';
import { STOP_LIMIT_MS } from '@order-pipeline/launcher/process-life.ts';
import { processSchema } from '@order-pipeline/launcher/settings.ts';
import { isSecretName, settingNames } from '@order-pipeline/service-kit';

/** What the chart sets itself, or has values of its own for. */
const OF_THE_CHART: ReadonlySet<string> = new Set([
  'PORT',
  'METRICS_PORT',
  'DATA_DIR',
  'MIGRATE',
  'SHUTDOWN_DELAY_MS',
  // It has another name now, and is refused.
  'REDRIVE_AFTER_MS',
  'ALLOWED_HOSTS',
  'TRUSTED_PROXIES',
]);

const isOpen = (name: string): boolean =>
  !OF_THE_CHART.has(name) && !isSecretName(name) && !name.startsWith('AUTH');

/** The settings of a service that a user of the chart may give: no secrets, and none that the chart knows better. */
const settingsOf = (name: ServiceName): string[] =>
  [...new Set([...settingNames(processSchema), ...settingNames(SERVICES[name].settings)])]
    .filter(isOpen)
    .toSorted();

/** What the chart has to know of a service. */
export interface ChartService {
  /** The database that it owns. */
  readonly database?: string;
  readonly kafka: boolean;
  /** The topics that it consumes, as the group of its name. */
  readonly consumes: readonly string[];
  readonly asks: readonly ServiceName[];
  readonly askedBy: readonly ServiceName[];
  readonly settings: readonly string[];
}

const describe = (name: ServiceName): ChartService => {
  const { database, usesKafka, dependsOn } = SERVICES[name];
  return {
    ...(database ? { database } : {}),
    kafka: usesKafka,
    consumes: TOPIC_NAMES.filter((topic) => (TOPIC_PARTIES[topic].to as readonly string[]).includes(name)),
    asks: dependsOn,
    askedBy: SERVICE_NAMES.filter((other) => SERVICES[other].dependsOn.includes(name)),
    settings: settingsOf(name),
  };
};

/** The services of the tree, as the chart reads them. */
export const createChartServices = () => ({
  stopLimitSeconds: Math.ceil(STOP_LIMIT_MS / 1_000),
  services: Object.fromEntries(SERVICE_NAMES.map((name) => [name, describe(name)])) as Record<
    ServiceName,
    ChartService
  >,
});
