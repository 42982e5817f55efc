import { DATABASE_NAMES, SERVICE_NAMES } from '@order-pipeline/contracts';
import type { createChartServices } from './services.ts';

type Schema = Readonly<Record<string, unknown>>;

/** An object that has these properties and no others, so that a name that is misspelt is refused. */
const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length > 0 ? { required } : {}),
});

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const anything: Schema = { type: 'object' };
const list = (items: Schema): Schema => ({ type: 'array', items });
const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
const atLeast = (minimum: number): Schema => ({ type: 'integer', minimum });
/** Empty: somebody else's default. */
const optionalNumber = (minimum: number): Schema => ({ anyOf: [atLeast(minimum), { const: '' }] });
const countOrPercentage: Schema = { anyOf: [atLeast(0), { type: 'string', pattern: '^[0-9]+%$' }] };
const secretKey: Schema = { type: 'string', pattern: '^[-._a-zA-Z0-9]+$' };
const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535 };

const settingsOf = (names: readonly string[]): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    names.map((name) => [name, { type: ['string', 'number', 'boolean'] }] as const),
  ),
});

const resources: Schema = object({ requests: anything, limits: anything, claims: list(anything) });
const kafkaUser: Schema = object({ username: text, secret: text, key: secretKey });

const serviceOf = (settings: readonly string[]): Schema =>
  object({
    replicas: atLeast(0),
    resources,
    settings: settingsOf(settings),
    kafka: kafkaUser,
    autoscaling: object({
      enabled: flag,
      minReplicas: atLeast(1),
      maxReplicas: atLeast(1),
      targetCPUUtilizationPercentage: { type: 'integer', minimum: 1, maximum: 100 },
    }),
    keda: object({
      enabled: flag,
      minReplicas: atLeast(0),
      maxReplicas: atLeast(1),
      lagThreshold: atLeast(1),
      pollingIntervalSeconds: atLeast(1),
      cooldownPeriodSeconds: atLeast(0),
    }),
    rollout: object({ maxSurge: countOrPercentage, maxUnavailable: countOrPercentage }),
    podAnnotations: anything,
    nodeSelector: anything,
    affinity: anything,
    priorityClassName: text,
    tolerations: list(anything),
    topologySpread: oneOf('ScheduleAnyway', 'DoNotSchedule'),
  });

const egress: Schema = object({ to: list(anything), ports: list(port) });

const kafka = object({
  brokers: { type: 'string', pattern: '^$|^[^\\s:,]+:\\d{1,5}(,[^\\s:,]+:\\d{1,5})*$' },
  tls: object({ enabled: flag, caSecret: text, caConfigMap: text, caKey: secretKey }),
  sasl: object({
    mechanism: oneOf('', 'plain', 'scram-sha-256', 'scram-sha-512'),
    username: text,
    secret: text,
    key: secretKey,
  }),
  compression: oneOf('', 'none', 'gzip'),
  topics: object({
    partitions: atLeast(1),
    replicationFactor: optionalNumber(1),
    minInSyncReplicas: optionalNumber(1),
    retentionMs: optionalNumber(-1),
  }),
});

const databaseFields = { secret: text, key: secretKey, migrationSecret: text, migrationKey: secretKey };
const database = object(databaseFields, ['secret', 'key']);
const ordersDatabase = object({ ...databaseFields, readSecret: text, readKey: secretKey }, ['secret', 'key']);

const access = object({
  open: flag,
  issuer: { type: 'string', pattern: '^$|^https?://' },
  audience: text,
  jwksUrl: { type: 'string', pattern: '^$|^https?://' },
  userClaim: text,
  scopeClaim: text,
  operatorToken: object({ secret: text, key: secretKey }),
  allowedHosts: list(text),
  trustedProxies: list(text),
});

const gateway = object({
  service: object({ type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'), port, annotations: anything }),
  ingress: object({
    enabled: flag,
    className: text,
    annotations: anything,
    hosts: list(object({ host: text, tlsSecret: text }, ['host'])),
  }),
  httpRoute: object({ enabled: flag, parentRefs: list(anything), hostnames: list(text) }),
});

const image = object({
  repository: text,
  tag: text,
  digest: { type: 'string', pattern: '^$|^sha256:[0-9a-f]{64}$' },
  pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  pullSecrets: list(text),
});

const migrate = object({
  mode: oneOf('job', 'start', 'none'),
  activeDeadlineSeconds: atLeast(1),
  backoffLimit: atLeast(0),
  resources,
});

const schedule: Schema = { type: 'string', pattern: '^(@\\w+|\\S+( \\S+){4})$' };
const audit = object({
  enabled: flag,
  suspend: flag,
  schedule,
  kafka: kafkaUser,
  resources,
});

const archive = object({
  enabled: flag,
  schedule,
  claim: text,
  retainOrdersDays: { type: 'integer', minimum: 1, maximum: 36_500 },
  resources,
});

const networkPolicy = object({
  enabled: flag,
  clients: list(anything),
  monitoring: list(anything),
  dns: egress,
  databases: egress,
  kafka: egress,
  issuer: egress,
  traces: egress,
});

const monitoring = object({
  serviceMonitor: object({ enabled: flag, labels: anything, interval: text }),
  prometheusRule: object({ enabled: flag, labels: anything }),
});

/** The JSON Schema of the chart's values: every name that is not known is refused. */
export const createValuesSchema = ({ services }: ReturnType<typeof createChartServices>): Schema => {
  const everySetting = [...new Set(SERVICE_NAMES.flatMap((name) => services[name].settings))].toSorted();
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...object({
      global: anything,
      nameOverride: text,
      fullnameOverride: text,
      image,
      kafka,
      databases: object(
        Object.fromEntries(
          DATABASE_NAMES.map((name) => [name, name === 'orders' ? ordersDatabase : database] as const),
        ),
        DATABASE_NAMES,
      ),
      databaseCa: object({ secret: text, key: secretKey }),
      migrate,
      access,
      tls: object({
        enabled: flag,
        secrets: object(Object.fromEntries(SERVICE_NAMES.map((name) => [name, text] as const))),
        certManager: object({ enabled: flag, issuerRef: anything, duration: text, renewBefore: text }),
      }),
      settings: settingsOf(everySetting),
      shutdownDelayMs: { type: 'integer', minimum: 0, maximum: 60_000 },
      defaults: serviceOf([]),
      services: object(
        Object.fromEntries(SERVICE_NAMES.map((name) => [name, serviceOf(services[name].settings)] as const)),
        SERVICE_NAMES,
      ),
      gateway,
      podDisruptionBudget: object({
        enabled: flag,
        maxUnavailable: { anyOf: [atLeast(0), { type: 'string', pattern: '^\\d+%$' }] },
      }),
      serviceAccount: object({ annotations: anything }),
      audit,
      archive,
      networkPolicy,
      monitoring,
    }),
  };
};
