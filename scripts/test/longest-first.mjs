// Starts the longest test files first, so that no worker is left with one of them when the others are done. jest knows
// by itself how long each took last time, but not in a clean clone.
import Sequencer from '@jest/test-sequencer';

/** Those that take more than half a minute where two workers have a core each, or would if a machine is slow. */
const LONGEST = [
  'packages/memory-kafka/test/conformance-kafka',
  'test/compose/chaos',
  'tools/sim/test/crash-points',
  'tools/sim/test/run-seed',
  'packages/launcher/test/main',
  'packages/launcher/test/wall-clock',
  'packages/launcher/test/system',
  'services/orders/test/stuck/watch',
  'packages/memory-kafka/test/conformance-memory',
  'packages/cli/test/audit/interruptions',
  'services/orders/test/dead-letters/',
  'packages/cli/test/audit/main',
  'test/system/read-only',
  'packages/embedded-postgres/test/embedded-postgres',
  'services/orders/test/dated-ahead',
  'packages/launcher/test/absent',
  'packages/messaging/test/consumer/outages',
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
