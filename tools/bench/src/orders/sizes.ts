import type { StartSizes } from './starts.ts';

/** How much is measured. Amounts of orders are multiples of the clients of pgbench. */
export interface Sizes {
  readonly rounds: number;
  readonly placement: {
    readonly orders: number;
    readonly pgbenchOrders: number;
    readonly plainOrders: number;
    readonly hotOrders: number;
    /** How long orders are placed at a tenth of the rate. */
    readonly pacedS: number;
    /** Units of an item that is sold out, by twice as many orders. */
    readonly scarceUnits: number;
  };
  /** Placement while lists are read. */
  readonly besideLists: {
    /** Orders with as many lines as there can be, which are read. */
    readonly fatOrders: number;
    /** Orders that are placed without and with readers. */
    readonly orders: number;
  };
  /** Systems with something switched on, beside one without it. */
  readonly variants: StartSizes;
  /** Placement while clients wait for orders. */
  readonly besideWaiting: { readonly waiters: number; readonly orders: number };
  readonly walking: {
    readonly orders: number;
    /** Single compare-and-sets by pgbench. */
    readonly steps: number;
  };
  readonly growth: {
    /** How many orders are stored, the fewest first. */
    readonly stored: readonly number[];
    readonly orders: number;
    /** How long each kind of read lasts. */
    readonly readS: number;
  };
}

export const FULL: Sizes = {
  rounds: 5,
  placement: {
    orders: 15_000,
    pgbenchOrders: 10_000,
    plainOrders: 1_000,
    hotOrders: 8_000,
    pacedS: 3,
    scarceUnits: 2_000,
  },
  besideLists: { fatOrders: 2_000, orders: 5_000 },
  variants: { starts: 4, rounds: 8, warmUps: 12, orders: 1_000 },
  besideWaiting: { waiters: 10_000, orders: 10_000 },
  walking: { orders: 20_000, steps: 24_000 },
  growth: { stored: [10_000, 100_000, 1_000_000], orders: 4_000, readS: 1 },
};

export const QUICK: Sizes = {
  rounds: 2,
  placement: {
    orders: 4_000,
    pgbenchOrders: 4_000,
    plainOrders: 400,
    hotOrders: 3_000,
    pacedS: 1.5,
    scarceUnits: 500,
  },
  besideLists: { fatOrders: 500, orders: 2_000 },
  variants: { starts: 2, rounds: 4, warmUps: 2, orders: 500 },
  besideWaiting: { waiters: 2_000, orders: 2_000 },
  walking: { orders: 4_000, steps: 8_000 },
  growth: { stored: [10_000, 50_000], orders: 2_000, readS: 1 },
};

/** The load that targets hold for. */
export const CONNECTIONS = 64;

export const DATASET = { users: 1_000, items: 1_000, stockOfEach: 1_000_000 };
