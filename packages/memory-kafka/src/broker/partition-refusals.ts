import { protocolError } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import type { Fault } from './fault-plan.ts';
import type { ArrivingRequest, RequestFilter, RequestName } from './requests.ts';

/** Why a partition of a request is refused; undefined if it is not. */
export type PartitionRefusals = (topic: string, partition: number) => ProtocolErrorType | undefined;

/** The requests that are answered partition by partition, and carried out for those that are not refused. */
const ANSWERED_BY_PARTITION: ReadonlySet<RequestName> = new Set<RequestName>(['Produce', 'OffsetCommit']);

export const NOT_REFUSED: PartitionRefusals = () => undefined;

const isIn = (filter: RequestFilter, topic: string, partition: number): boolean =>
  (filter.topic ?? topic) === topic && (filter.partition ?? partition) === partition;

/** What the faults of a request refuse of it; throws the refusal of one that refuses it as a whole. */
export const createPartitionRefusals = (
  { name }: ArrivingRequest,
  faults: readonly Fault[],
): PartitionRefusals => {
  const refusals = faults.filter((fault) => fault.kind === 'refuse');
  const whole = refusals.find(({ of }) => of === undefined || !ANSWERED_BY_PARTITION.has(name));
  if (whole !== undefined) throw protocolError(whole.type);
  if (refusals.length === 0) return NOT_REFUSED;
  return (topic, partition) => refusals.find(({ of }) => of && isIn(of, topic, partition))?.type;
};
