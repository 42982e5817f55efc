import { GROUPS_OF_TOPIC } from '../checks/lifecycle.ts';
import { DATABASE_NAMES, TOPIC_NAMES } from '@order-pipeline/contracts';
import type { Api, MemoryCluster, ProtocolErrorType } from '@order-pipeline/memory-kafka';
import { UNREADABLE_KEY } from '../checks/dead-letters.ts';
import type { Deployment } from './deployment.ts';
import type { RealServer } from './database/real-database.ts';
import type { Stream } from './streams.ts';
import { SCHEDULED_FAULTS, type ScheduledFault } from './fault-names.ts';
import type { World } from './world.ts';

/** Something that befalls the world at a moment of its own. */
export interface PlannedFault {
  readonly kind: ScheduledFault;
  readonly afterMs: number;
}

/** Storms after which Kafka no longer has what it said it has. */
export const LOSSES: readonly ScheduledFault[] = ['kafka: unflushed messages lost', 'kafka: everything lost'];

export interface FaultScheduleParts {
  readonly world: World;
  readonly deployment: Deployment;
  readonly cluster: MemoryCluster;
  readonly server: RealServer;
  /** Sends a message past everything, as it is. */
  readonly publish: (topic: string, key: string, value: string) => void;
  /** Publishes something again that was published before, if anything was. */
  readonly publishAgain: (stream: Stream) => void;
}

const MAX_PER_KIND: Readonly<Partial<Record<ScheduledFault, number>>> = {
  'process: crash': 6,
  'kafka: request refused': 15,
  'kafka: answer lost': 15,
  'kafka: everything lost': 1,
  'kafka: unreadable message': 6,
};
const MAX_OF_OTHERS = 3;
const GROUPS = Object.values(GROUPS_OF_TOPIC).flat();
const MAX_OUTAGE_MS = 4_000;
const MAX_STALL_MS = 15_000;
const MAX_STEP_MS = 20_000;

/** What befalls this world, as the seed says. A kind is absent from about half of the seeds. */
export const planFaults = ({ streams }: Pick<World, 'streams'>, lengthMs: number): PlannedFault[] =>
  SCHEDULED_FAULTS.flatMap((kind) => {
    const stream = streams(`storms/${kind}`);
    const count = stream.chance(0.5) ? 0 : stream.integer(1, MAX_PER_KIND[kind] ?? MAX_OF_OTHERS);
    return Array.from({ length: count }, () => ({
      kind,
      afterMs: Math.floor(stream.between(500, lengthMs)),
    }));
  }).toSorted((a, b) => a.afterMs - b.afterMs);

const APIS = [
  'produce',
  'fetch',
  'metadata',
  'offsets',
  'commit',
  'join',
  'sync',
  'heartbeat',
  'admin',
] as const;

/** What a real broker refuses these with while leaders, coordinators and groups change. */
const REFUSALS = {
  produce: ['NOT_LEADER_FOR_PARTITION', 'NOT_ENOUGH_REPLICAS', 'REQUEST_TIMED_OUT'],
  fetch: ['NOT_LEADER_FOR_PARTITION'],
  commit: [
    'REBALANCE_IN_PROGRESS',
    'ILLEGAL_GENERATION',
    'UNKNOWN_MEMBER_ID',
    'GROUP_COORDINATOR_NOT_AVAILABLE',
  ],
  heartbeat: ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'],
  join: ['UNKNOWN_MEMBER_ID', 'GROUP_COORDINATOR_NOT_AVAILABLE'],
  sync: ['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'],
} as const satisfies Partial<Record<Api, readonly [ProtocolErrorType, ...ProtocolErrorType[]]>>;
const REFUSED_APIS: readonly (keyof typeof REFUSALS)[] = [
  'produce',
  'fetch',
  'commit',
  'heartbeat',
  'join',
  'sync',
];

type Strike = (parts: FaultScheduleParts, stream: Stream) => void;

const anyOf = (stream: Stream, { slots }: Deployment) => slots[stream.integer(0, slots.length - 1)];

const crash = ({ deployment, world }: FaultScheduleParts, stream: Stream): void => {
  const slot = anyOf(stream, deployment);
  if (slot) deployment.at(slot)?.process.die('crashes');
  else world.trace('fault', 'finds nobody');
};

const brokerAway: Strike = ({ cluster, world }, stream) => {
  cluster.faults.brokerDown();
  world.time.after(stream.between(200, MAX_OUTAGE_MS), () => cluster.faults.brokerUp());
};

const databaseAway: Strike = ({ server, world }, stream) => {
  const database = server.databases[stream.pick(DATABASE_NAMES)];
  database.goDown();
  world.time.after(stream.between(200, MAX_OUTAGE_MS), () => database.comeBack());
};

const STRIKES: Readonly<Record<ScheduledFault, Strike>> = {
  'process: crash': crash,
  'process: crash of several at once': (parts, stream) => {
    for (let count = stream.integer(2, 5); count > 0; count -= 1) crash(parts, stream);
  },
  'process: orderly restart': ({ deployment }, stream) => {
    const slot = anyOf(stream, deployment);
    if (slot) void deployment.at(slot)?.stop();
  },
  'process: orderly restart of a gateway': ({ deployment }, stream) => {
    void stream.pick(deployment.of('api-gateway')).stop();
  },
  'process: stall': ({ deployment }, stream) => {
    const slot = anyOf(stream, deployment);
    if (slot) deployment.at(slot)?.process.stall(stream.between(500, MAX_STALL_MS));
  },
  'process: clock step': ({ deployment }, stream) => {
    const slot = anyOf(stream, deployment);
    if (slot) slot.skewMs = Math.floor(stream.between(-MAX_STEP_MS, MAX_STEP_MS));
  },
  'database: outage': databaseAway,
  'kafka: broker away': brokerAway,
  'kafka: request refused': ({ cluster, world }, stream) => {
    const api = stream.pick(REFUSED_APIS);
    const type = stream.pick<ProtocolErrorType>(REFUSALS[api]);
    world.trace('fault', `${type} for ${api}`);
    cluster.faults.refuse(api, type, { times: stream.integer(1, 3) });
  },
  'kafka: answer lost': ({ cluster, world }, stream) => {
    const api = stream.pick(APIS);
    world.trace('fault', `lost for ${api}`);
    cluster.faults.loseAnswer(api, { times: stream.integer(1, 2) });
  },
  'kafka: rebalance': ({ cluster }, stream) => cluster.faults.rebalance(stream.pick(GROUPS)),
  'kafka: session expired': ({ cluster }, stream) => cluster.faults.expireSession(stream.pick(GROUPS)),
  'kafka: delivered again from an older offset': ({ cluster }, stream) => {
    const groupId = stream.pick(GROUPS);
    const offset = stream.integer(0, 3);
    for (const { name } of cluster.inspect().topics) {
      if (!name.endsWith('.DLQ')) cluster.faults.redeliver(groupId, { topic: name, offset });
    }
  },
  'kafka: message published twice': ({ publishAgain }, stream) => {
    for (let count = stream.integer(1, 5); count > 0; count -= 1) publishAgain(stream);
  },
  'kafka: unflushed messages lost': ({ cluster }, stream) => {
    const { name } = cluster.inspect().topics[stream.integer(0, 3)] ?? {};
    if (name && !name.endsWith('.DLQ'))
      cluster.faults.dropUnflushed(name, { messages: stream.integer(1, 3) });
  },
  'kafka: everything lost': ({ cluster }) => {
    for (const { name } of cluster.inspect().topics) {
      cluster.faults.dropUnflushed(name, { messages: Number.MAX_SAFE_INTEGER });
    }
  },
  'kafka: unreadable message': ({ publish }, stream) => {
    publish(
      stream.pick(TOPIC_NAMES),
      `${UNREADABLE_KEY}${stream.hex(3)}`,
      stream.pick(['no JSON', '{}', 'null']),
    );
  },
};

/** Lets each fault strike at its moment, unless all faults are healed by then. */
export const runFaultSchedule = (schedule: readonly PlannedFault[], parts: FaultScheduleParts): void => {
  const { time, streams, faultInjector, tally, trace } = parts.world;
  for (const [index, { kind, afterMs }] of schedule.entries()) {
    time.after(afterMs, () => {
      if (faultInjector.isHealed()) return;
      tally.fault(kind);
      trace('fault', kind);
      STRIKES[kind](parts, streams(`storms/${index}/${kind}`));
    });
  }
};
