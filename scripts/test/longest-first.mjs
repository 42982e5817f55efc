// Starts the longest test files first, so that no worker is left with one of them when the others are done. jest knows
// by itself how long each took last time, but not in a clean clone.
import Sequencer from '@jest/test-sequencer';

/** Those that take more than half a minute where two workers have a core each, or would if a machine is slow. */
const LONGEST = [
  'packages/memory-kafka/test/conformance-kafka',
  'test/compose/chaos',
  'test/compose/cluster',
  'test/compose/observability',
  'tools/sim/test/crash-points',
  'packages/memory-kafka/test/package/package',
  'packages/launcher/test/wall-clock',
  'packages/launcher/test/main',
  'services/orders/test/stuck/watch',
  'packages/memory-kafka/test/conformance-memory',
  'tools/sim/test/run-seed',
  'packages/messaging/test/consumer/outages',
  'packages/embedded-postgres/test/embedded-postgres',
  'packages/launcher/test/system',
  'packages/cli/test/audit/interruptions',
  'services/workflow/test/service',
  'services/api-gateway/test/routes',
  'services/orders/test/dated-ahead',
  'packages/cli/test/audit/main',
  'packages/launcher/test/absent',
  'test/system/read-only',
  'services/orders/test/dead-letters/',
  'tools/demo/test/run',
];

const rank = ({ path }) => {
  const place = LONGEST.findIndex((part) => path.includes(part));
  return place === -1 ? LONGEST.length : place;
};

export default class LongestFirst extends Sequencer {
  sort(tests) {
    // oxlint-disable-next-line unicorn/no-array-sort -- the first is jest's own
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}
