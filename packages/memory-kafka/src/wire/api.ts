import type { BrokerAddress } from '../broker/addresses.ts';
import type { Core } from '../broker/core.ts';
import type { Refusals } from '../broker/refusals.ts';
import type { SaslSession } from '../broker/sasl.ts';
import type { Codec } from './codec.ts';

/** Where a request came from, and to which broker. */
export interface Caller {
  readonly core: Core;
  readonly nodeId: number;
  /** The advertised address of a broker. */
  readonly address: (nodeId: number) => BrokerAddress;
  readonly clientId: string;
  /** What of the request is refused, by faults and by ACLs. */
  readonly refused: Refusals;
  /** The login of the connection; undefined where nobody logs in. */
  readonly session: SaslSession | undefined;
  /** The client's address. */
  readonly host: string;
  /** Fires when the connection is gone, so that nobody waits for it. */
  readonly onGone: (fn: () => void) => () => void;
}

/** One kind of request of Kafka's protocol. */
export interface WireApi {
  readonly key: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The first version in the flexible form. */
  readonly flexibleFrom: number;
  readonly request: Codec<unknown>;
  readonly response: Codec<unknown>;
  /** Whether the client waits for an answer; where it does not, a refusal closes the connection. */
  isAnswered(request: unknown): boolean;
  /** Carries it out; undefined if there is nothing to answer. */
  handle(caller: Caller, request: unknown, version: number): unknown;
  /** The answer that refuses all of it with an error code. */
  refuse(request: unknown, code: number, version: number): unknown;
}

/** What an API is made of, with the types of its messages. */
export interface ApiDefinition<Q, A> {
  readonly api: {
    readonly key: number;
    readonly name: string;
    readonly versions: readonly [min: number, max: number];
    readonly flexibleFrom: number;
  };
  readonly request: Codec<Q>;
  readonly response: Codec<A>;
  /** Every request, if not given. */
  isAnswered?(request: Q): boolean;
  handle(caller: Caller, request: Q, version: number): A | undefined | Promise<A | undefined>;
  refuse(request: Q, code: number, version: number): A;
}

/** Leaves the types of the messages behind. */
export const defineApi = <Q, A>({ api, ...definition }: ApiDefinition<Q, A>): WireApi => ({
  key: api.key,
  name: api.name,
  minVersion: api.versions[0],
  maxVersion: api.versions[1],
  flexibleFrom: api.flexibleFrom,
  request: definition.request,
  response: definition.response,
  isAnswered: (request) => definition.isAnswered?.(request as Q) ?? true,
  handle: (caller, request, version) => definition.handle(caller, request as Q, version),
  refuse: (request, code, version) => definition.refuse(request as Q, code, version),
});
