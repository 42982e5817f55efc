import { operatorApi, type Input } from '@order-pipeline/contracts';
import type { Gateway } from '@order-pipeline/gateway-client';
import { listUpTo } from '../../kit/list-up-to.ts';
import type { Outcome } from '../../kit/outcome.ts';
import { renderList } from './render.ts';

/** Lists the newest dead letters that match. */
export const listDeadLetters = async (
  gateway: Gateway,
  query: Input<typeof operatorApi.listDeadLetters>['query'],
  limit: number,
): Promise<Outcome> => {
  const { entries, hasMore } = await listUpTo(gateway, operatorApi.listDeadLetters, { query }, limit);
  return { text: renderList(entries, hasMore), data: entries };
};
