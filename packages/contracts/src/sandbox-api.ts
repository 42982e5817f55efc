import { Type } from 'typebox';
import type { Access } from './access.ts';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { defineOperation } from './operation.ts';
import { Count, Strict } from './schemas.ts';

/** What can be switched on in the sandbox. */
export const SANDBOX_FAULTS = [
  'BROKER_DOWN',
  'LOSE_ANSWERS',
  'STOP_SHIPPING',
  'SLOW_DATABASE',
  'KILL_CONSUMER',
] as const;
export type SandboxFault = (typeof SANDBOX_FAULTS)[number];

/** The most sample orders a second. */
export const MAX_SAMPLE_RATE = 50;
/** The longest that sample orders are placed without being asked for again, in seconds. */
export const MAX_SAMPLE_S = 300;
export const DEFAULT_SAMPLE_S = 60;
/** The longest that a fault lasts, in seconds. */
export const MAX_FAULT_S = 60;
export const DEFAULT_FAULT_S = 20;

const EndsIn = Count('How long it lasts if nobody asks for more, in milliseconds; 0: it is off');
const FaultName = Type.Enum([...SANDBOX_FAULTS], { type: 'string', description: 'The fault' });

export const Sandbox = Strict({
  leaseMs: Count('After so long without a renewal all of it ends, in milliseconds; 0: none of it is on'),
  workload: Strict({
    perSecond: Type.Integer({ minimum: 0, maximum: MAX_SAMPLE_RATE, description: 'Sample orders a second' }),
    endsInMs: EndsIn,
    placed: Count('Sample orders that were placed since the start of the process'),
    refused: Count('Sample orders that were answered anything else, or not in time'),
    inFlight: Count('Sample orders that wait for their answer'),
  }),
  faults: Type.Array(
    Strict({
      fault: FaultName,
      endsInMs: EndsIn,
      hits: Count('How many requests, writes or consumers it has met since it was last switched on'),
    }),
  ),
});
export type Sandbox = Type.Static<typeof Sandbox>;

const exampleReply: Sandbox = {
  leaseMs: 14_000,
  workload: { perSecond: 10, endsInMs: 52_000, placed: 80, refused: 0, inFlight: 1 },
  faults: SANDBOX_FAULTS.map((fault) => ({
    fault,
    endsInMs: fault === 'BROKER_DOWN' ? 12_000 : 0,
    hits: fault === 'BROKER_DOWN' ? 1 : 0,
  })),
};

const READ: Access = { kind: 'scope', scope: 'ops:read' };
const WRITE: Access = { kind: 'scope', scope: 'ops:write' };
const answer = { owner: 'api-gateway', status: 200, reply: Sandbox, errors: [], exampleReply } as const;
const command = {
  ...answer,
  method: 'POST',
  access: WRITE,
  idempotent: true,
} as const;
const bodyLimitBytes = BODY_LIMIT_BYTES.small;

/** Sample orders and faults, on request. There only where everything is embedded in one process, and reached from this machine alone. */
export const sandboxApi = {
  getSandbox: defineOperation({
    ...answer,
    method: 'GET',
    path: '/ops/sandbox',
    access: READ,
    idempotent: true,
    summary: 'Retrieve the sandbox',
    description: 'What is on, and for how long.',
  }),
  renewSandbox: defineOperation({
    ...command,
    path: '/ops/sandbox/lease',
    summary: 'Renew the lease of the sandbox',
    description: 'Everything ends when nobody renews it; each other change renews it, too.',
  }),
  placeSamples: defineOperation({
    ...command,
    path: '/ops/sandbox/workload',
    summary: 'Place sample orders',
    description:
      'So many a second, for so long, of a user and of items that it adds itself; 0 a second stops.',
    bodyLimitBytes,
    body: Strict({
      perSecond: Type.Integer({ minimum: 0, maximum: MAX_SAMPLE_RATE, description: 'Orders a second' }),
      seconds: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: MAX_SAMPLE_S,
          default: DEFAULT_SAMPLE_S,
          description: 'For how long',
        }),
      ),
    }),
    exampleBody: { perSecond: 10, seconds: 60 },
  }),
  switchFault: defineOperation({
    ...command,
    path: '/ops/sandbox/faults',
    summary: 'Switch a fault on or off',
    description: 'It ends by itself; switched on again, it begins anew.',
    bodyLimitBytes,
    body: Strict({
      fault: FaultName,
      on: Type.Boolean({ description: 'Whether it is to be on' }),
      seconds: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: MAX_FAULT_S,
          default: DEFAULT_FAULT_S,
          description: 'For how long',
        }),
      ),
    }),
    exampleBody: { fault: 'BROKER_DOWN', on: true, seconds: 15 },
  }),
} as const;
