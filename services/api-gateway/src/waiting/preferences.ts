import {
  MAX_WAIT_S,
  mayReach,
  type Input,
  type ordersApi,
  type OrderStatus,
} from '@order-pipeline/contracts';

/** What a request for an order asks beside the order. */
export interface WaitRequest {
  /** Whether an order in this status is what it waits for. */
  readonly isSettled: (status: OrderStatus) => boolean;
  /** Whether the client knows the order in this status already. */
  readonly isKnown: (status: OrderStatus) => boolean;
  /** How long it waits, in seconds; 0 where it does not. */
  readonly waitS: number;
}

type OrderInput = Input<typeof ordersApi.getOrder>;

/** The ETag of an order: no status comes back, and nothing else of an order changes. */
export const etagOf = (status: OrderStatus): string => `"${status}"`;

/** One preference of a `Prefer` header: `wait=30`, also with parameters behind it. */
const WAIT = /^wait *= *"?(\d{1,9})"?(?: *;|$)/i;

/** The seconds of `Prefer: wait`, the first where there are several; 0 where it is missing or malformed (RFC 7240, 4.3). */
const preferredWaitS = (header = ''): number => {
  const [seconds] = header.split(',').flatMap((preference) => {
    const value = WAIT.exec(preference.trim())?.[1];
    return value === undefined ? [] : [Number(value)];
  });
  return Math.min(seconds ?? 0, MAX_WAIT_S);
};

/** The entity tags that a client has; they are compared weakly (RFC 9110, 13.1.2). */
const tagsOf = (header = ''): readonly string[] =>
  header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));

/** What is waited for: the status in `until`, or else any that the client does not know yet. */
export const waitRequestOf = ({
  query,
  headers = {},
}: Pick<OrderInput, 'query' | 'headers'>): WaitRequest => {
  const { until } = query;
  const tags = tagsOf(headers['if-none-match']);
  const isKnown = (status: OrderStatus): boolean => tags.includes('*') || tags.includes(etagOf(status));
  return {
    isKnown,
    isSettled: (status) => (until === undefined ? !isKnown(status) : !mayReach(status, until)),
    waitS: query.wait ?? preferredWaitS(headers.prefer),
  };
};
