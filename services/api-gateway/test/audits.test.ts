import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { auditApi, SANDBOX_FAULTS, type Audit, type SandboxFault } from '@order-pipeline/contracts';
import type { Embedded, FaultSwitch } from '@order-pipeline/service-kit';
import { createManualTime, eventually, startTestService, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';

type Made = Awaited<ReturnType<Embedded['audit']>>;

const NOTHING: FaultSwitch = { on: () => undefined, off: () => undefined, hits: () => 0 };
const faults = Object.fromEntries(SANDBOX_FAULTS.map((fault) => [fault, NOTHING])) as Record<
  SandboxFault,
  FaultSwitch
>;
const check = { name: 'users', invariant: 'so', checked: 2, unit: 'orders', violations: [], notes: [] };

let time: ReturnType<typeof createManualTime>;
let gateway: TestService;
/** Those that were asked for, with what ends them. */
let made: { progress: (part: string) => void; signal: AbortSignal; end: (report: Made) => void }[];

beforeEach(async () => {
  made = [];
  time = createManualTime();
  const audit: Embedded['audit'] = (progress, signal) =>
    new Promise((resolve, reject) => {
      made.push({ progress, signal, end: resolve });
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  gateway = await startTestService(apiGatewayService, {
    runtime: time.runtime,
    embedded: { faults, audit },
  });
});
afterEach(() => gateway.close());

const start = async () => (await gateway.call(auditApi.startAudit, {})).body as Audit;
const state = async () => (await gateway.call(auditApi.getAudit, {})).body as Audit;

test('one is made at a time; it says how far it is, and then what was checked', async () => {
  expect(await state()).toEqual({ state: 'NONE' });
  expect((await start()).state).toBe('RUNNING');
  expect((await start()).state).toBe('RUNNING');
  expect(made).toHaveLength(1);
  made[0]?.progress('users');
  expect(await state()).toMatchObject({ state: 'RUNNING', part: 'users' });
  time.advance(250);
  made[0]?.end({ checks: [check], sentence: 'No violation was found.', clean: true });
  await eventually(async () => {
    const audit = await state();
    expect(audit).toMatchObject({ state: 'CLEAN', exitCode: 0, tookMs: 250, checks: [check] });
    expect(audit).not.toHaveProperty('part');
  });
  await start();
  expect(made).toHaveLength(2);
});

test('violations end as the command line would', async () => {
  await start();
  made[0]?.end({ checks: [check], sentence: '1 violation of 1 invariant.', clean: false });
  await eventually(async () =>
    expect(await state()).toMatchObject({
      state: 'VIOLATIONS',
      exitCode: 1,
      sentence: '1 violation of 1 invariant.',
    }),
  );
});

test('one that takes too long, or that a stop ends, could not be made', async () => {
  await start();
  time.advance(60_000);
  await eventually(async () =>
    expect(await state()).toMatchObject({
      state: 'NOT_MADE',
      exitCode: 2,
      sentence: 'The audit could not be made: it takes longer than 60 s here',
    }),
  );
  await start();
  await gateway.server.close();
  expect(made[1]?.signal.aborted).toBe(true);
});

test('where not all is embedded there is none of it', async () => {
  const other = await startTestService(apiGatewayService, {});
  try {
    for (const method of ['GET', 'POST'] as const)
      expect((await other.server.inject({ method, url: '/ops/audit' })).statusCode).toBe(404);
    expect((await other.server.inject('/')).json<{ links: object }>().links).not.toHaveProperty('audit');
  } finally {
    await other.close();
  }
});
