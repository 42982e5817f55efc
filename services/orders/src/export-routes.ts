import { exportPartsApi, withoutEvents } from '@order-pipeline/contracts';
import { ok, pageRequest, routesOf, type Page, type Route } from '@order-pipeline/service-kit';
import { archivedOf, orderOf, type OrdersStore } from './store/index.ts';

type ExportStore = Pick<OrdersStore, 'listOrders' | 'listArchived' | 'listHistories'>;

interface Seq {
  readonly seq: number;
}

/** The first of two pages together, newest first: up to which entry it goes, where more follow. */
const mergedPage = (limit: number, ...pages: readonly Page<Seq>[]) => {
  const seqs = pages.flatMap(({ rows }) => rows.map(({ seq }) => seq)).toSorted((a, b) => b - a);
  // Behind the end of a page that has more, nobody knows what comes first.
  const known = Math.max(...pages.map(({ next }) => next ?? 0));
  const last = Math.max(known, seqs[limit - 1] ?? 0);
  return {
    next: known > 0 || seqs.length > limit ? last : undefined,
    isWithin: ({ seq }: Seq): boolean => seq >= last,
  };
};

/** What the facade asks for the export of a user. */
export const createExportRoutes = ({ store }: { readonly store: ExportStore }): Route[] =>
  routesOf(exportPartsApi, {
    exportOrders: async ({ body: { userId, ...paging } }, { signal }) => {
      const request = pageRequest(paging);
      const live = await store.listOrders(request, { userId }, signal);
      // After the orders: one that is archived meanwhile is named twice, and none is missing.
      const archived = await store.listArchived(request, userId, signal);
      const { next, isWithin } = mergedPage(request.limit, live, archived);
      const rows = live.rows.filter(isWithin);
      const histories = await store.listHistories(rows.map(({ id }) => id));
      const orders = rows.map((row) => ({
        ...orderOf(row),
        history: withoutEvents(histories.get(row.id) ?? []),
      }));
      return ok({
        orders,
        archived: archived.rows.filter(isWithin).map(archivedOf),
        ...(next === undefined ? {} : { next }),
      });
    },
  });
