import { toError, typeOf } from '../errors.ts';
import type { Api } from './apis.ts';
import {
  matches,
  REQUEST_KINDS,
  type ArrivingRequest,
  type Place,
  type RequestFilter,
  type RequestName,
} from './requests.ts';

/** A request as it arrived, and what became of it. */
export interface RecordedRequest {
  /** Kafka's name for it: `Produce`, `OffsetCommit`, … */
  readonly name: RequestName;
  readonly api: Api;
  readonly clientId: string;
  /** The broker that it went to; undefined where any would have done. */
  readonly nodeId: number | undefined;
  /** Undefined for what is about no group. */
  readonly groupId: string | undefined;
  /** The topics, or partitions, that it is about. */
  readonly places: readonly Place[];
  /** Milliseconds since the epoch, by the cluster's clock. */
  readonly at: number;
  /**
   * 'waiting' until it is answered, then 'answered', or the type of the refusal (`NOT_LEADER_FOR_PARTITION`), or the name of the
   * error with which its connection broke.
   */
  readonly outcome: string;
}

/** Which requests are recorded; what is not said is any. */
export interface RecordFilter extends RequestFilter {
  readonly api?: Api | RequestName;
}

/** The requests that have arrived since it was asked for, the oldest first. */
export interface RequestRecord {
  readonly requests: readonly RecordedRequest[];
  /** Records no more. */
  stop(): void;
}

/** Everyone who records. */
export interface RequestLog {
  isEmpty(): boolean;
  record(filter: RecordFilter): RequestRecord;
  /** Notes a request, and answers what notes its end. */
  note(request: ArrivingRequest): (error?: unknown) => void;
  clear(): void;
}

type Entry = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] };

interface Recorder {
  readonly filter: RecordFilter;
  readonly requests: Entry[];
}

const isMeant = (request: ArrivingRequest, { api, ...filter }: RecordFilter): boolean =>
  (api === undefined || api === request.name || api === REQUEST_KINDS[request.name].api) &&
  matches(request, filter);

/** Nobody records yet. */
export const createRequestLog = (now: () => number): RequestLog => {
  const recorders = new Set<Recorder>();
  return {
    isEmpty: () => recorders.size === 0,
    record: (filter) => {
      const recorder: Recorder = { filter, requests: [] };
      recorders.add(recorder);
      return { requests: recorder.requests, stop: () => void recorders.delete(recorder) };
    },
    note: (request) => {
      const { name, clientId, groupId, nodeId, places } = request;
      const { api } = REQUEST_KINDS[name];
      const entry: Entry = {
        name,
        api,
        clientId,
        nodeId,
        groupId,
        places: places?.() ?? [],
        at: now(),
        outcome: 'waiting',
      };
      for (const { filter, requests } of recorders) if (isMeant(request, filter)) requests.push(entry);
      return (error) => {
        entry.outcome = error === undefined ? 'answered' : (typeOf(error) ?? toError(error).name);
      };
    },
    clear: () => recorders.clear(),
  };
};
