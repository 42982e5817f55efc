import { protocolError } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import type { Fault } from './fault-plan.ts';
import type { ArrivingRequest, RequestFilter, RequestName } from './requests.ts';

/** Why a partition of a request, or a topic without one, is refused; undefined if it is not. */
export type PartitionRefusals = (topic: string, partition?: number) => ProtocolErrorType | undefined;

type RefusalOf = (name: string) => ProtocolErrorType | undefined;

/** What is refused of a request that is carried out: by faults, and by ACLs. */
export interface Refusals {
  readonly topic: PartitionRefusals;
  readonly group: RefusalOf;
  readonly transactionalId: RefusalOf;
  /** Why a topic of that name may not be created. */
  readonly creation: RefusalOf;
  /** Why configurations of brokers may not be asked for, or altered. */
  readonly brokerConfigs: () => ProtocolErrorType | undefined;
}

/** The requests that are answered partition by partition, and carried out for those that are not refused. */
const ANSWERED_BY_PARTITION: ReadonlySet<RequestName> = new Set<RequestName>(['Produce', 'OffsetCommit']);

const nothing = (): undefined => undefined;

export const NOTHING_REFUSED: Refusals = {
  topic: nothing,
  group: nothing,
  transactionalId: nothing,
  creation: nothing,
  brokerConfigs: nothing,
};

/** Throws the refusal, if there is one. */
export const throwRefusal = (type: ProtocolErrorType | undefined): void => {
  if (type !== undefined) throw protocolError(type);
};

const isIn = (filter: RequestFilter, topic: string, partition: number | undefined): boolean =>
  (filter.topic ?? topic) === topic && (filter.partition ?? partition) === partition;

/** What the faults of a request refuse beside what `others` do; throws the refusal of one that refuses it as a whole. */
export const withFaults = (
  { name }: ArrivingRequest,
  faults: readonly Fault[],
  others: Refusals,
): Refusals => {
  const refusals = faults.filter((fault) => fault.kind === 'refuse');
  const whole = refusals.find(({ of }) => of === undefined || !ANSWERED_BY_PARTITION.has(name));
  if (whole !== undefined) throw protocolError(whole.type);
  if (refusals.length === 0) return others;
  const topic: PartitionRefusals = (asked, partition) =>
    refusals.find(({ of }) => of && isIn(of, asked, partition))?.type ?? others.topic(asked, partition);
  return { ...others, topic };
};
