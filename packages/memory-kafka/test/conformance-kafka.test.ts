import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { beforeAll } from '@jest/globals';
import { alterUserScramCredentialsV0, Connection } from '@platformatic/kafka';
import * as kafkajs from 'kafkajs';
import { describeConformance } from '../conformance/index.ts';
import { PASSWORDS } from '../conformance/secured.ts';

const listOf = (name: string): string[] => (process.env[name] ?? '').split(',');

const brokers = listOf('KAFKA_BROKERS');
const ITERATIONS = 4096;

/** Kafka's numbers of the mechanisms, with the hash of each. */
const SCRAM = [
  [1, 'sha256', 32],
  [2, 'sha512', 64],
] as const;

/** Those that log in by PLAIN are in the broker's settings; the broker keeps those of SCRAM itself. */
const createScramUsers = async (): Promise<void> => {
  const [host = '', port] = (brokers[0] ?? '').split(':');
  const connection = new Connection('conformance');
  await connection.connect(host, Number(port));
  for (const [mechanism, hash, length] of SCRAM) {
    const users = Object.entries(PASSWORDS).map(([name, password]) => {
      const salt = randomBytes(16);
      const saltedPassword = pbkdf2Sync(password, salt, ITERATIONS, length, hash);
      return { name, mechanism, iterations: ITERATIONS, salt, saltedPassword };
    });
    await promisify(alterUserScramCredentialsV0.api)(connection, [], users);
  }
  await connection.close();
};

beforeAll(createScramUsers);

describeConformance({
  name: 'kafkajs on Apache Kafka',
  kafkajs,
  brokers,
  secured: listOf('KAFKA_SECURED_BROKERS'),
});
