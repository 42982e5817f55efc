import {
  actionsApi,
  serviceActionsApi,
  type Input,
  type OperatorAction,
  type Output,
} from '@order-pipeline/contracts';
import { ok, type Handler, type ServiceClients } from '@order-pipeline/service-kit';

type Query = Input<typeof actionsApi.listActions>['query'];

const KEEPERS = Object.values(serviceActionsApi);
const DEFAULT_LIMIT = 100;

const newestFirst = (a: OperatorAction, b: OperatorAction): number => (a.actionId < b.actionId ? 1 : -1);

const nextPage = (query: Query, last: OperatorAction): Record<string, string> => {
  const parameters = new URLSearchParams(
    Object.entries({ ...query, cursor: last.actionId }).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
  );
  return { link: `<${actionsApi.listActions.path}?${parameters.toString()}>; rel="next"` };
};

/**
 * What operators did, of all services. Each keeps its own with what was changed, in one transaction, and their ids sort by
 * the time, so the page is the newest of what each answers. Where one does not answer there is no page: a record with holes is none.
 */
export const createListActions =
  (clients: ServiceClients): Handler<typeof actionsApi.listActions> =>
  async ({ query }, call) => {
    const { limit = DEFAULT_LIMIT, cursor, ...search } = query;
    const body = { ...search, limit: limit + 1, ...(cursor === undefined ? {} : { before: cursor }) };
    const found = await Promise.all(
      KEEPERS.map((operation): Promise<Output<typeof operation>> => clients.call(operation, { body }, call)),
    );
    const sorted = found.flatMap(({ actions }) => actions).toSorted(newestFirst);
    const page = sorted.slice(0, limit);
    const last = page.at(-1);
    return ok(page, sorted.length > limit && last ? nextPage(query, last) : undefined);
  };
