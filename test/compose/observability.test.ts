import { prepareMonitoring, type Monitoring } from './monitoring.ts';
import { defineObservabilityTests } from './observability.ts';
import { defineRepeatedMetricsTests } from './repeated-metrics.ts';
import { defineRunbookTests } from './runbooks.ts';
import { useStack } from './stack.ts';
import { defineTraceTests, prepareViewer, type Viewer } from './traces.ts';

let monitoring: Monitoring;
let viewer: Viewer;

const stack = useStack(async () => {
  monitoring = await prepareMonitoring();
  viewer = await prepareViewer();
  return { settings: { ...monitoring.settings, ...viewer.settings, RATE_LIMIT: 'off' } };
});

defineRunbookTests(stack);

defineTraceTests(() => ({ ...stack(), viewer }));

defineObservabilityTests(() => ({ ...stack(), monitoring, viewer }));

defineRepeatedMetricsTests(() => ({ ...stack(), monitoring }));
