import { expect } from '@jest/globals';
import type { KafkaConfig, Producer, RequestEvent } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { loginOf, PASSWORDS, securedKafka, SESSION_MS } from './secured.ts';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

const HANDSHAKE = 'SaslHandshake';
const AUTHENTICATE = 'SaslAuthenticate';

/** The requests of one login. */
const LOGINS = {
  plain: [HANDSHAKE, AUTHENTICATE],
  'scram-sha-512': [HANDSHAKE, AUTHENTICATE, AUTHENTICATE],
} as const;

/** A producer of somebody who may do everything, whose requests are watched; `thresholdMs` before the end it logs in again. */
const watched = (world: World, thresholdMs: number, sasl: KafkaConfig['sasl']) => {
  const kafka = securedKafka(world, {
    reauthenticationThreshold: thresholdMs,
    ...(sasl === undefined ? {} : { sasl }),
  });
  const producer = world.keep(kafka.producer());
  const requests: string[] = [];
  producer.on(producer.events.REQUEST, ({ payload }: RequestEvent) => void requests.push(payload.apiName));
  return { producer, logins: () => requests.filter((name) => name === HANDSHAKE || name === AUTHENTICATE) };
};

const send = (producer: Producer, topic: string) => producer.send({ topic, messages: [{ value: 'x' }] });

/** Logging in again on a connection, where sessions end. */
export const loggingInAgain: Area = (behaviour) => {
  for (const mechanism of ['plain', 'scram-sha-512'] as const) {
    behaviour(`before its session ends, a client logs in again by ${mechanism}`, async (world) => {
      const topic = await world.createTopic();
      // A second and a half after its login: Kafka takes no second login within the first second.
      const early = SESSION_MS - 1500;
      const { producer, logins } = watched(world, early, loginOf('admin', PASSWORDS.admin, mechanism));
      await producer.connect();
      await send(producer, topic);
      const before = logins().length;
      await eventually(async () => {
        await send(producer, topic);
        expect(logins().length).toBeGreaterThan(before);
      });
      expect(logins().slice(before, before + LOGINS[mechanism].length)).toEqual(LOGINS[mechanism]);
    });
  }

  behaviour('long before its session ends, nobody logs in again', async (world) => {
    const topic = await world.createTopic();
    const { producer, logins } = watched(world, 10_000, loginOf('admin', PASSWORDS.admin));
    await producer.connect();
    await send(producer, topic);
    const before = logins().length;
    for (let sent = 0; sent < 10; sent += 1) await send(producer, topic);
    expect(logins()).toHaveLength(before);
  });
};
