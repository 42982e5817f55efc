import { afterAll, beforeAll } from '@jest/globals';
import { defineAuditTest } from '../audit.ts';
import { defineFlowTests } from '../flows.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import { defineInspectionTest } from '../inspection.ts';
import { startWholeSystem, type StartedSystem } from './start.ts';

let started: StartedSystem;
let gateway: Gateway;

beforeAll(async () => {
  started = await startWholeSystem();
  gateway = createGateway(started.system.url);
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await started?.stop();
});

defineFlowTests(() => gateway);
defineInspectionTest(
  () => gateway,
  () => started.system,
);
defineAuditTest(() => started.system);
