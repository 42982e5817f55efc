import type { Compose } from './compose.ts';

// What somebody tries who has got into a container of the stack: programs that run there, with what lies there.

/** Asks once and prints the status, or that there was no answer. */
const ASK = `
const fs = require('node:fs');
const { url, own, pair, body, headers } = JSON.parse(process.argv[1]);
const files = { cert: '/run/tls/tls.crt', key: '/run/tls/tls.key' };
const shown = own ? Object.fromEntries(Object.entries(files).map(([k, f]) => [k, fs.readFileSync(f)])) : pair;
const request = require(url.startsWith('https') ? 'node:https' : 'node:http').request(url, {
  method: body ? 'POST' : 'GET', rejectUnauthorized: false, headers: { ...headers, 'content-type': 'application/json' }, ...shown,
}, (response) => { console.log(response.statusCode); process.exit(0); });
request.on('error', () => { console.log('no answer'); process.exit(0); });
request.end(body && JSON.stringify(body));
`;

/** Tries to reach Kafka in one way after the other, and prints what came of each. */
const TRY_KAFKA = `
const fs = require('node:fs');
const { Kafka } = require('/app/packages/launcher/node_modules/kafkajs');
const text = (file) => fs.readFileSync(file, 'utf8').trim();
const password = text('/run/secrets/kafka-password');
const ca = text('/run/tls/ca.crt');
const causeOf = (error) => (error.cause ? causeOf(error.cause) : error);
const attempt = async ({ tls, user, topic }) => {
  const kafka = new Kafka({
    brokers: ['kafka:9092'], logLevel: 0, connectionTimeout: 3000, retry: { retries: 0 },
    ...(tls ? { ssl: { ca } } : {}),
    ...(user ? { sasl: { mechanism: 'plain', username: user, password } } : {}),
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 1 } });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ key: 'forged', value: '{}' }] });
    return 'taken';
  } catch (error) {
    const { type, message } = causeOf(error);
    return type || message;
  } finally {
    await producer.disconnect();
  }
};
(async () => {
  const answers = [];
  for (const each of JSON.parse(process.argv[1])) answers.push(await attempt(each));
  console.log(JSON.stringify(answers));
  process.exit(0);
})();
`;

/** Tries to log in to PostgreSQL with the URL of this container, changed in one way after the other. */
const TRY_POSTGRES = `
const fs = require('node:fs');
const { Client } = require('/app/packages/service-kit/node_modules/pg');
const attempt = async (changes) => {
  const url = new URL(fs.readFileSync('/run/secrets/database-url', 'utf8').trim());
  Object.assign(url, changes);
  const client = new Client({ connectionString: url.href });
  try {
    await client.connect();
    return 'let in';
  } catch (error) {
    return error.code || error.message;
  } finally {
    await client.end().catch(() => undefined);
  }
};
(async () => {
  const answers = [];
  for (const each of JSON.parse(process.argv[1])) answers.push(await attempt(each));
  console.log(JSON.stringify(answers));
  process.exit(0);
})();
`;

export interface Asked {
  /** Shows the certificate of the service in whose container it is. */
  readonly own?: boolean;
  readonly pair?: { readonly cert: string; readonly key: string };
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface KafkaAttempt {
  readonly tls: boolean;
  /** With the password of this container; without a login if not given. */
  readonly user?: string;
  readonly topic: string;
}

/** Attempts from inside the containers of a stack. */
export const createInside = (compose: Compose) => {
  const program = async (service: string, source: string, argument: unknown): Promise<string> =>
    (await compose.run('exec', '-T', service, 'node', '-e', source, JSON.stringify(argument))).trim();
  return {
    /** Asks once; answers the status, or 'no answer'. */
    ask: (service: string, url: string, asked: Asked) => program(service, ASK, { url, ...asked }),
    /** Writes to topics of Kafka; answers 'taken', or why each was not. */
    tryKafka: async (service: string, attempts: readonly KafkaAttempt[]) =>
      JSON.parse(await program(service, TRY_KAFKA, attempts)) as string[],
    /** Logs in to PostgreSQL, with these parts of the URL changed; answers 'let in', or the code of the refusal. */
    tryPostgres: async (service: string, changes: readonly Readonly<Record<string, string>>[]) =>
      JSON.parse(await program(service, TRY_POSTGRES, changes)) as string[],
  };
};
