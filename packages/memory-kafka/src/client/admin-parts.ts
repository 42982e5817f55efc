import type { Logger } from 'kafkajs';
import type { Attempt } from '../retry.ts';
import type { RequestAbout, RequestName } from '../broker/requests.ts';
import { toError, typeOf } from '../errors.ts';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import type { ClusterView } from './metadata.ts';

/** What the parts of the admin client share. */
export interface AdminParts {
  readonly view: ClusterView;
  readonly logger: Logger;
  retrying<T>(task: (attempt: Attempt) => Promise<T>): Promise<T>;
  /** How many partitions a topic had when it was loaded, 0 if it was not; undefined if nothing was loaded yet. */
  partitionCount(topic: string): number | undefined;
}

/**
 * A request that only the controller answers: where it is refused because another broker is the controller now, that is logged as
 * `warning`, and it is tried again. So is any other refusal of these `types`.
 */
export const atController = <T>(
  { retrying, logger }: AdminParts,
  warning: string,
  request: () => Promise<T>,
  types: readonly ProtocolErrorType[] = [],
): Promise<T> =>
  retrying(async ({ bail, retryCount, retryTime }) => {
    try {
      return await request();
    } catch (thrown) {
      const error = toError(thrown);
      const type = typeOf(error);
      const isTemporary = type === 'NOT_CONTROLLER' || types.some((each) => each === type);
      if (isTemporary) logger.warn(warning, { error: error.message, retryCount, retryTime });
      else bail(error);
      throw error;
    }
  });

/** A request about these topics, and perhaps a group. */
export const aboutTopics = (
  name: RequestName,
  topics: readonly string[],
  groupId?: string,
): RequestAbout => ({ name, groupId, places: () => topics.map((topic) => ({ topic })) });
