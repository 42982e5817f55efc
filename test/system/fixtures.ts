import { openClient } from '@order-pipeline/service-kit';
import { useFixture } from '@order-pipeline/testing/fixtures';
import type { QueryResult } from 'pg';
import { createGateway, type Gateway } from '../gateway.ts';
import { startWholeSystem, type StartedSystem, type WholeSystemOptions } from './start.ts';

/**
 * The whole system for the tests of this file, and a client of its gateway.
 *
 * @param options read when it starts, so that they may depend on other fixtures
 */
export const useWholeSystem = (
  options: () => WholeSystemOptions = () => ({}),
): { readonly started: StartedSystem; readonly gateway: Gateway } => {
  const started = useFixture(
    () => startWholeSystem(options()),
    ({ stop }) => stop(),
  );
  const gateway = useFixture(
    () => createGateway(started.system.url),
    ({ close }) => close(),
  );
  return { started, gateway };
};

export interface OrdersDatabase {
  query(text: string, values?: readonly unknown[]): Promise<QueryResult>;
  /** Lets the update that ships an order fail, for a reason for which it is not retried; every order's, where none is given. */
  refuseShipping(orderId?: string): Promise<unknown>;
  allowShipping(): Promise<unknown>;
}

/** Opens a connection to the orders database of a system. */
export const openOrdersDatabase = async ({
  system,
}: Pick<StartedSystem, 'system'>): Promise<OrdersDatabase & { end(): Promise<void> }> => {
  const url = system.infrastructure.databaseUrl('orders');
  const client = await openClient({ url, applicationName: 'test' });
  return {
    query: (text, values = []) => client.query(text, [...values]),
    refuseShipping: (orderId) =>
      client.query(`
        CREATE FUNCTION refuse_shipping() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no such address'; END $$;
        CREATE TRIGGER refuse_shipping BEFORE UPDATE ON orders FOR EACH ROW
          WHEN (NEW.status = 'SHIPPED'${orderId === undefined ? '' : ` AND NEW.id = '${orderId}'`})
          EXECUTE FUNCTION refuse_shipping()`),
    allowShipping: () => client.query('DROP FUNCTION refuse_shipping CASCADE'),
    end: () => client.end(),
  };
};

/** A connection to the orders database, for the tests of this file. */
export const useOrdersDatabase = (started: StartedSystem): OrdersDatabase =>
  useFixture(
    () => openOrdersDatabase(started),
    ({ end }) => end(),
  );
