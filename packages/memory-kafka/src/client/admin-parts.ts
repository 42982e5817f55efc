import type { Logger } from 'kafkajs';
import type { Attempt } from '../retry.ts';
import type { RequestAbout, RequestName } from '../broker/requests.ts';
import type { ClusterView } from './metadata.ts';

/** What the parts of the admin client share. */
export interface AdminParts {
  readonly view: ClusterView;
  readonly logger: Logger;
  retrying<T>(task: (attempt: Attempt) => Promise<T>): Promise<T>;
}

/** A request about these topics, and perhaps a group. */
export const aboutTopics = (
  name: RequestName,
  topics: readonly string[],
  groupId?: string,
): RequestAbout => ({ name, groupId, places: () => topics.map((topic) => ({ topic })) });
