import type * as kafkajs from 'kafkajs';

/** One of the two that must behave alike: a module with kafkajs's exports, and a broker for its clients. */
export interface Side {
  /** How the tests call it. */
  readonly name: string;
  readonly kafkajs: Omit<typeof kafkajs, 'default'>;
  /** A broker that creates topics on demand, with one partition, and takes session timeouts from 500 ms on. */
  readonly brokers: readonly string[];
  /**
   * Brokers where clients have to log in, as the users of secured.ts, by PLAIN and SCRAM. `admin` may do everything, the others
   * what ACLs allow. They may be those of another cluster.
   */
  readonly secured: readonly string[];
}
