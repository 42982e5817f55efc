import type * as kafkajs from 'kafkajs';

/** One of the two that must behave alike: a module with kafkajs's exports, and a broker for its clients. */
export interface Side {
  /** How the tests call it. */
  readonly name: string;
  readonly kafkajs: Omit<typeof kafkajs, 'default'>;
  /** A broker that creates topics on demand, with one partition, and takes session timeouts from 500 ms on. */
  readonly brokers: readonly string[];
}
