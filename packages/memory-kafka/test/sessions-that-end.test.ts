// Sessions that end (`connections.max.reauth.ms`), beyond what the conformance suite asks for.
import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createCluster, createManualClock, logLevel } from '../src/index.ts';
import { Kafka, rejection } from './support.ts';

const users = { alice: 'secret', bob: 'secret' };

const alice: kafkajs.SASLOptions = { mechanism: 'plain', username: 'alice', password: 'secret' };

describe('a session that ends', () => {
  const SESSION_MS = 60_000;
  const AFTER_THE_END = -SESSION_MS;

  /** A connected admin client of a cluster whose sessions last a minute. */
  const connect = async (
    sasl: kafkajs.SASLOptions | kafkajs.Mechanism,
    reauthenticationThreshold = 10_000,
  ) => {
    const clock = createManualClock();
    const oauthBearer = (token: string) => (tokens.has(token) ? 'alice' : undefined);
    const cluster = createCluster({ clock, sasl: { users, oauthBearer, maxReauthMs: SESSION_MS } });
    const config = { logLevel: logLevel.NOTHING, retry: { retries: 0 }, sasl, reauthenticationThreshold };
    const admin = new Kafka({ brokers: ['security:9092'], cluster, ...config }).admin();
    await admin.connect();
    return { clock, cluster, admin, config };
  };

  const tokens = new Set<string>();

  it('has the client log in again in time, with a new token', async () => {
    let asked = 0;
    const oauthBearerProvider = async () => {
      asked += 1;
      tokens.add(`token-${asked}`);
      return { value: `token-${asked}` };
    };
    const { clock, admin } = await connect({ mechanism: 'oauthbearer', oauthBearerProvider });
    await clock.advance(49_000);
    await admin.listTopics();
    expect(asked).toBe(1);
    await clock.advance(1000);
    await Promise.all([admin.listTopics(), admin.listTopics()]);
    expect(asked).toBe(2);
    await clock.advance(49_000);
    await admin.listTopics();
    expect(asked).toBe(2);
  });

  it('ends for who is no longer accepted', async () => {
    tokens.add('good');
    const oauthBearerProvider = async () => ({ value: 'good' });
    const { clock, admin } = await connect({ mechanism: 'oauthbearer', oauthBearerProvider });
    tokens.delete('good');
    await admin.listTopics();
    // Not yet at its end: who logs in again is nobody until that has succeeded.
    await clock.advance(SESSION_MS - 10_000);
    expect(await rejection(admin.listTopics())).toMatchObject({ name: 'KafkaJSConnectionClosedError' });
  });

  it('does not become that of somebody else', async () => {
    const names = ['alice', 'bob'];
    const authenticationProvider: kafkajs.Mechanism['authenticationProvider'] = ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const token = Buffer.from(`\0${names.shift()}\0secret`);
        const length = Buffer.alloc(4);
        length.writeInt32BE(token.length);
        await saslAuthenticate({ request: { encode: () => Buffer.concat([length, token]) } });
      },
    });
    const { clock, admin } = await connect({ mechanism: 'PLAIN', authenticationProvider });
    await clock.advance(SESSION_MS);
    expect(await rejection(admin.listTopics())).toMatchObject({ type: 'SASL_AUTHENTICATION_FAILED' });
  });

  it('cuts off who does not log in again, who may do so on a new connection', async () => {
    const { clock, cluster, admin, config } = await connect(alice, AFTER_THE_END);
    const listener = await cluster.listen();
    const overTcp = new kafkajs.Kafka({ brokers: listener.brokers, ...config }).admin();
    await overTcp.connect();
    for (const client of [admin, overTcp]) await client.listTopics();
    await clock.advance(SESSION_MS);
    for (const client of [admin, overTcp]) {
      expect(await rejection(client.listTopics())).toMatchObject({ name: 'KafkaJSConnectionClosedError' });
      expect(await client.listTopics()).toEqual([]);
    }
    await overTcp.disconnect();
    await listener.close();
  });

  it('lasts a time that makes sense', () => {
    expect(() => createCluster({ sasl: { users, maxReauthMs: -1 } })).toThrow(TypeError);
  });
});
