import { fileURLToPath } from 'node:url';
import { createAuthority, issueCertificate } from '@order-pipeline/certificates';
import getPort from 'get-port';
import { GenericContainer, Wait } from 'testcontainers';
import { KAFKA_IMAGE, START_TIMEOUT_MS } from './containers.ts';

const DOCKER_FOLDER = fileURLToPath(new URL('../../../docker', import.meta.url));
const CLUSTER_ID = 'b3JkZXItcGlwZWxpbmUtMQ';
const READABLE = 0o444;
/** What Kafka's scripts run. */
const COMMANDS = {
  'kafka-acls.sh': 'org.apache.kafka.tools.AclCommand',
  'kafka-configs.sh': 'kafka.admin.ConfigCommand',
};

/** A broker that takes nobody without TLS and a login, and denies what no ACL allows. */
export interface SecuredKafka {
  /** Its `host:port`. */
  readonly address: string;
  /** The certificate of the authority that has signed the broker's, in PEM. */
  readonly authority: string;
  /** Runs a command of Kafka's own as the user `admin`; answers what it prints. */
  command(name: keyof typeof COMMANDS, ...args: string[]): Promise<string>;
  /** What the authorizer has denied since the start, a line each. */
  denials(): Promise<string[]>;
  stop(): Promise<void>;
}

const readLog = async (
  stream: NodeJS.ReadableStream,
  isEnd: (line: string) => boolean,
): Promise<string[]> => {
  const lines: string[] = [];
  for await (const chunk of stream) {
    lines.push(...String(chunk).split('\n'));
    if (lines.some(isEnd)) break;
  }
  return lines;
};

const clientProperties = (password: string): string =>
  [
    'security.protocol=SASL_SSL',
    'sasl.mechanism=PLAIN',
    `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${password}";`,
    'ssl.truststore.type=PEM',
    'ssl.truststore.location=/run/tls/ca.crt',
  ].join('\n');

/**
 * Starts Apache Kafka as docker-compose.secure.yml does.
 *
 * @param passwords of each user; `admin` has to be there, and may do everything
 * @param now milliseconds since the epoch
 */
export const startSecuredKafka = async (
  passwords: Readonly<Record<string, string>> & { readonly admin: string },
  now: number,
): Promise<SecuredKafka> => {
  const authority = await createAuthority('test', { now, days: 1 });
  const subject = { name: 'kafka', dns: ['localhost'], addresses: ['127.0.0.1'] };
  const { certificate, key } = await issueCertificate(authority, subject, { now, days: 1 });
  const address = `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;
  const port = Number(address.split(':')[1]);
  const files = {
    '/run/tls/tls.crt': certificate,
    '/run/tls/tls.key': key,
    '/run/tls/ca.crt': authority.certificate,
    '/admin.properties': clientProperties(passwords.admin),
    ...Object.fromEntries(
      Object.entries(passwords).map(([user, password]) => [`/run/secrets/${user}`, password]),
    ),
  };
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({ CLUSTER_ID, KAFKA_HEAP_OPTS: '-Xms256m -Xmx512m', ADVERTISED_ADDRESS: address })
    .withCopyDirectoriesToContainer([{ source: DOCKER_FOLDER, target: '/docker' }])
    .withCopyContentToContainer(
      Object.entries(files).map(([target, content]) => ({ target, content, mode: READABLE })),
    )
    .withCommand(['bash', '/docker/kafka-secured-start.sh'])
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  return {
    address,
    authority: authority.certificate,
    command: async (name, ...args) => {
      const java = [
        'java',
        '-Xmx128m',
        '-XX:TieredStopAtLevel=1',
        '-cp',
        '/opt/kafka/libs/*',
        COMMANDS[name],
      ];
      const own = ['--bootstrap-server', address, '--command-config', '/admin.properties'];
      const { output, exitCode } = await container.exec([...java, ...own, ...args]);
      if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}: ${output}`);
      return output;
    },
    denials: async () => {
      const { output } = await container.exec(['bash', '-c', 'echo the end of it >/proc/1/fd/1']);
      if (output !== '') throw new Error(output);
      const lines = await readLog(await container.logs(), (line) => line.includes('the end of it'));
      return lines.filter((line) => line.includes('is Denied operation'));
    },
    stop: async () => {
      await container.stop();
    },
  };
};
