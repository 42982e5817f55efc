import { defineAuditTest } from '../audit.ts';
import { defineFlowTests } from '../flows.ts';
import { defineInspectionTest } from '../inspection.ts';
import { useWholeSystem } from './fixtures.ts';

const { started, gateway } = useWholeSystem();

defineFlowTests(() => gateway);
defineInspectionTest(
  () => gateway,
  () => started.system,
);
defineAuditTest(() => started.system);
