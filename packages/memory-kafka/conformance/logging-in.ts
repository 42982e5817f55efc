import { expect } from '@jest/globals';
import type { Consumer, KafkaConfig } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { kafkaOf, loginOf, PASSWORDS, securedKafka } from './secured.ts';
import { rejection } from './waiting.ts';
import type { World } from './world.ts';

const WRONG_PASSWORD = {
  name: 'KafkaJSSASLAuthenticationError',
  message: 'SASL PLAIN authentication failed: Authentication failed: Invalid username or password',
  retriable: false,
};

const wrong = loginOf('alice', 'wrong');

const clientsOf = (world: World, sasl: KafkaConfig['sasl']) => {
  const kafka = securedKafka(world, sasl === undefined ? {} : { sasl });
  return {
    admin: world.keep(kafka.admin()),
    producer: world.keep(kafka.producer({ retry: { retries: 1, initialRetryTime: 20 } })),
    consumer: world.keep(kafka.consumer({ groupId: world.groupId })),
  };
};

/** Runs a consumer until it crashes. */
const crashOf = (consumer: Consumer): Promise<{ error: Error; restart: boolean }> =>
  new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload));
    consumer.run({ eachMessage: async () => undefined }).catch(reject);
  });

/** Logging in by SASL, where the broker asks for it. */
export const loggingIn: Area = (behaviour) => {
  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    behaviour(`who has the password logs in by ${mechanism}`, async (world) => {
      const sasl = loginOf('admin', PASSWORDS.admin, mechanism);
      const admin = world.keep(securedKafka(world, { sasl }).admin());
      await admin.connect();
      const topic = world.unique('by-login');
      await admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
      expect(await admin.listTopics()).toContain(topic);
    });
  }

  behaviour('a wrong password is refused once, and so is a user that there is not', async (world) => {
    for (const sasl of [wrong, loginOf('nobody', 'alice-secret')]) {
      const { admin, producer, consumer } = clientsOf(world, sasl);
      for (const client of [admin, producer, consumer]) {
        const error = await rejection(client.connect());
        expect(error).toBeInstanceOf(world.kafkajs.KafkaJSSASLAuthenticationError);
        expect(error).toMatchObject(WRONG_PASSWORD);
      }
      expect(await rejection(admin.listTopics())).toMatchObject(WRONG_PASSWORD);
    }
  });

  for (const [mechanism, name] of [
    ['scram-sha-256', 'SHA256'],
    ['scram-sha-512', 'SHA512'],
  ] as const) {
    behaviour(`by ${mechanism} a broker does not say what was wrong`, async (world) => {
      for (const [user, password] of [
        ['alice', 'wrong'],
        ['nobody', 'alice-secret'],
      ] as const) {
        const { producer } = clientsOf(world, loginOf(user, password, mechanism));
        expect(await rejection(producer.connect())).toMatchObject({
          name: 'KafkaJSSASLAuthenticationError',
          message: `SASL SCRAM ${name} authentication failed: Authentication failed during authentication due to invalid credentials with SASL mechanism ${mechanism.toUpperCase()}`,
        });
      }
    });
  }

  behaviour('a login without a password is refused by the client', async (world) => {
    const sasl = { mechanism: 'plain', username: 'alice' } as KafkaConfig['sasl'];
    const { producer } = clientsOf(world, sasl);
    expect(await rejection(producer.connect())).toMatchObject({
      name: 'KafkaJSSASLAuthenticationError',
      message: 'SASL Plain: Invalid username or password',
    });
  });

  behaviour('a mechanism that is not enabled is refused', async (world) => {
    const oauthBearerProvider = async () => ({ value: 'token' });
    const { producer } = clientsOf(world, { mechanism: 'oauthbearer', oauthBearerProvider });
    const error = await rejection(producer.connect());
    expect(error).toBeInstanceOf(world.kafkajs.KafkaJSProtocolError);
    expect(error).toMatchObject({ type: 'UNSUPPORTED_SASL_MECHANISM', code: 33, retriable: false });
  });

  behaviour('an authentication provider that the program brings logs in', async (world) => {
    const sasl: KafkaConfig['sasl'] = {
      mechanism: 'PLAIN',
      authenticationProvider: ({ saslAuthenticate }) => ({
        authenticate: async () => {
          const token = Buffer.from(`\0admin\0${PASSWORDS.admin}`);
          const length = Buffer.alloc(4);
          length.writeInt32BE(token.length);
          await saslAuthenticate({ request: { encode: () => Buffer.concat([length, token]) } });
        },
      }),
    };
    const { admin } = clientsOf(world, sasl);
    await admin.connect();
    expect(await admin.listTopics()).toEqual(expect.any(Array));
  });

  behaviour('who does not log in connects, and is cut off at the first request', async (world) => {
    const { admin, producer } = clientsOf(world, undefined);
    const closed = { name: 'KafkaJSConnectionClosedError', message: 'Closed connection' };
    await Promise.all([admin.connect(), producer.connect()]);
    expect(await rejection(admin.listTopics())).toMatchObject(closed);
    const sent = producer.send({ topic: world.unique('cut-off'), messages: [{ value: 'a' }] });
    expect(await rejection(sent)).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      cause: closed,
    });
  });

  behaviour('a consumer that cannot log in crashes for good', async (world) => {
    const { consumer } = clientsOf(world, wrong);
    expect(await rejection(consumer.subscribe({ topics: ['any'] }))).toMatchObject(WRONG_PASSWORD);
    expect(await crashOf(consumer)).toMatchObject({ error: WRONG_PASSWORD, restart: false });
  });

  behaviour('a consumer that does not log in crashes, and is restarted', async (world) => {
    const { consumer } = clientsOf(world, undefined);
    await consumer.connect();
    expect(await rejection(consumer.subscribe({ topics: ['any'] }))).toMatchObject({
      name: 'KafkaJSConnectionClosedError',
    });
    const error = { name: 'KafkaJSConnectionClosedError' };
    expect(await crashOf(consumer)).toMatchObject({ error, restart: true });
  });

  behaviour('a login is logged, but not its password', async (world) => {
    const lines: string[] = [];
    const logged = (sasl: KafkaConfig['sasl']) =>
      securedKafka(world, {
        ...(sasl === undefined ? {} : { sasl }),
        logLevel: world.kafkajs.logLevel.DEBUG,
        logCreator: () => (entry) => void lines.push(JSON.stringify(entry.log)),
      });
    const admin = world.keep(logged(loginOf('admin', PASSWORDS.admin)).admin());
    await admin.connect();
    await rejection(logged(wrong).admin().connect());
    const all = lines.join('\n');
    for (const line of [
      'SASL PLAIN authentication successful',
      WRONG_PASSWORD.message,
      'Request SaslHandshake(key: 17, version: 1)',
      'Response SaslAuthenticate(key: 36, version: 1)',
    ]) {
      expect(all).toContain(line);
    }
    expect(all).not.toContain(PASSWORDS.admin);
  });

  behaviour(
    'requests that are made at once, before anybody has logged in, are all answered',
    async (world) => {
      const admin = world.keep(kafkaOf(world, 'admin').admin());
      const calls = Array.from({ length: 10 }, () => admin.listTopics());
      expect((await Promise.all(calls)).every((topics) => Array.isArray(topics))).toBe(true);
    },
  );
};
