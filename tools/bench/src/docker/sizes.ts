/** How much is measured on the stack. Amounts of pgbench are multiples of its clients. */
export interface StackSizes {
  readonly rounds: number;
  /** Rounds before them: ten processes run their code for the first time, and take longer to become quick than one. */
  readonly warmUps: number;
  readonly orders: number;
  readonly pgbenchOrders: number;
  readonly steps: number;
  readonly plainOrders: number;
  readonly workflowIntervalMs: number;
}

export const FULL: StackSizes = {
  rounds: 5,
  warmUps: 3,
  orders: 20_000,
  pgbenchOrders: 12_000,
  steps: 24_000,
  plainOrders: 1_000,
  workflowIntervalMs: 20_000,
};

export const QUICK: StackSizes = {
  rounds: 1,
  warmUps: 1,
  orders: 3_000,
  pgbenchOrders: 4_000,
  steps: 8_000,
  plainOrders: 300,
  workflowIntervalMs: 20_000,
};
