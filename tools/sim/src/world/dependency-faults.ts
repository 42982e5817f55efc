import { DATABASE_NAMES } from '@order-pipeline/contracts';
import type { MemoryCluster, ProtocolErrorType } from '@order-pipeline/memory-kafka';
import type { Condition } from './database/conditions.ts';
import type { RealServer } from './database/real-database.ts';
import { scheduleFaultKinds } from './fault-kinds.ts';
import { DEPENDENCY_FAULTS, type DependencyFault } from './fault-names.ts';
import type { Stream } from './streams.ts';
import type { World } from './world.ts';

interface Parts {
  readonly world: World;
  readonly server: Pick<RealServer, 'databases'>;
  readonly cluster: Pick<MemoryCluster, 'faults'>;
}

const SHARE_OF_SEEDS = 0.4;
const MAX_PER_KIND = 3;
/** Longer than the retries of one call, so that a caller that gives up is seen. */
const SPAN_MS = { min: 500, max: 12_000 };
const FENCES: readonly ProtocolErrorType[] = ['INVALID_PRODUCER_EPOCH', 'UNKNOWN_PRODUCER_ID'];

const restrict = ({ server, world }: Parts, condition: Condition, stream: Stream): void => {
  const name = stream.pick(DATABASE_NAMES);
  const { conditions } = server.databases[name];
  const spanMs = stream.between(SPAN_MS.min, SPAN_MS.max);
  world.trace('fault', `${condition} for ${Math.round(spanMs)} ms: ${name}`);
  conditions.add(condition);
  world.time.after(spanMs, () => conditions.delete(condition));
};

const fence = ({ cluster }: Parts, stream: Stream): void => {
  cluster.faults.refuse('produce', stream.pick(FENCES), { times: stream.integer(1, 10) });
};

const STRIKES: Readonly<Record<DependencyFault, (parts: Parts, stream: Stream) => void>> = {
  'database: read-only': (parts, stream) => restrict(parts, 'read-only', stream),
  'database: disk full': (parts, stream) => restrict(parts, 'disk full', stream),
  'database: too many connections': (parts, stream) => restrict(parts, 'too many connections', stream),
  'kafka: producer fenced': fence,
};

/** Lets dependencies refuse at moments that the seed says, until all faults are healed. Its chances are its own. */
export const scheduleDependencyFaults = (parts: Parts, lengthMs: number): void => {
  scheduleFaultKinds(parts.world, lengthMs, {
    name: 'dependency-faults',
    kinds: DEPENDENCY_FAULTS,
    shareOfSeeds: SHARE_OF_SEEDS,
    maxPerKind: MAX_PER_KIND,
    strike: (kind, stream) => STRIKES[kind](parts, stream),
  });
};
