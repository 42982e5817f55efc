import { exportApi, exportPartsApi, ownerFor, usersApi } from '@order-pipeline/contracts';
import { ok, pageHeaders, refuse, type Handler, type ServiceClients } from '@order-pipeline/service-kit';

/** All that is stored about a user: what the users service knows, and a page of their orders. */
export const createExportUser =
  (clients: ServiceClients): Handler<typeof exportApi.exportUser> =>
  async ({ params: { userId }, query }, call) => {
    const owner = ownerFor(exportApi.exportUser.access, call.actor);
    // The id is the owner, so no row has to be asked.
    if (owner !== undefined && userId !== owner)
      return refuse('USER_NOT_FOUND', `There is no user ${userId}`);
    const [user, { orders, archived, next }] = await Promise.all([
      clients.call(usersApi.readUserRecord, { body: { userId } }, call),
      clients.call(exportPartsApi.exportOrders, { body: { userId, ...query } }, call),
    ]);
    const path = exportApi.exportUser.path.replace(':userId', encodeURIComponent(userId));
    return ok({ user, orders, archived }, pageHeaders(path, query, next));
  };
