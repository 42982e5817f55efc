import { inventoryService } from '@order-pipeline/inventory';
import { ordersService } from '@order-pipeline/orders';
import { usersService } from '@order-pipeline/users';
import type { Route } from '@order-pipeline/service-kit';
import { inTurn, startTestService, type TestPostgres } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';

const startOwners = async (postgres: TestPostgres) => {
  const clients: { users?: readonly Route[]; inventory?: readonly Route[]; orders?: readonly Route[] } = {};
  const users = await startTestService(usersService, {
    databaseUrl: await postgres.migratedDatabase('users'),
  });
  clients.users = users.routes;
  const inventory = await startTestService(inventoryService, {
    databaseUrl: await postgres.migratedDatabase('inventory'),
    clients,
  });
  clients.inventory = inventory.routes;
  const orders = await startTestService(ordersService, {
    databaseUrl: await postgres.migratedDatabase('orders'),
    clients,
  });
  clients.orders = orders.routes;
  return { clients, orders, close: () => inTurn(orders.close, inventory.close, users.close) };
};

/** The services that own data for the tests of this file, which ask one another in this process. */
export const useOwners = () => {
  const postgres = useTestPostgres();
  return useFixture(
    () => startOwners(postgres),
    ({ close }) => close(),
  );
};
