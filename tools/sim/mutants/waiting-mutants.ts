import type { Mutant } from './mutant.ts';

/** Bugs in how clients are answered that wait for an order. */
export const WAITING_MUTANTS: readonly Mutant[] = [
  {
    name: 'waiting: a stop answers nobody',
    bug: 'a gateway that stops leaves those without an answer that wait there',
    edits: [
      {
        file: 'services/api-gateway/src/waiting/waiters.ts',
        find: "      for (const { end } of list.all()) end('stopped');\n",
        replace: '',
      },
    ],
  },
  {
    name: 'waiting: any news ends a wait',
    bug: 'who waits for a status is answered before the order has it',
    edits: [
      {
        file: 'services/api-gateway/src/waiting/waiters.ts',
        find: "if (isSettled(status)) end('settled');",
        replace: "if (isSettled(status) || status !== 'PENDING') end('settled');",
      },
    ],
  },
  {
    name: 'waiting: a step sent twice',
    bug: 'a stream begins anew with each step',
    edits: [
      {
        file: 'services/api-gateway/src/waiting/order-events.ts',
        find: 'sent = sendSteps(stream, history, sent);',
        replace: 'sent = sendSteps(stream, history, Math.min(sent, 1));',
      },
    ],
  },
];
