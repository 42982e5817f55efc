import type { Failpoint } from '@order-pipeline/service-kit';
import { createCluster, type MemoryCluster } from '@order-pipeline/memory-kafka';
import type { CrashPointCount } from './world/tally.ts';
import { createArchiveChecker, type ArchiveChecker } from './checks/archive.ts';
import { checkFinalState } from './checks/final-state.ts';
import type { Endings } from './checks/observations.ts';
import { COMES_TO_ITS_END, createFindings, type Finding, type Findings } from './findings.ts';
import { heal, runFor } from './healing.ts';
import { watchLogs } from './logs.ts';
import { planRun, type Plan } from './plan-run.ts';
import { createSimArchive, type SimArchive } from './world/archive.ts';
import { areWithinADay, scheduleClockSteps } from './world/clock-steps.ts';
import { layOutSlots, startDeployment, type Deployment } from './world/deployment.ts';
import type { RealServer } from './world/database/real-database.ts';
import { createEcho, type Echo } from './world/kafka.ts';
import { scheduleDependencyFaults } from './world/dependency-faults.ts';
import { createIssuer, type SimIssuer } from './world/issuer.ts';
import { createRealWork, trackVerification } from './world/real-work.ts';
import { createNetwork } from './world/network.ts';
import { lendTime } from './world/lend-time.ts';
import { runFaultSchedule } from './world/fault-schedule.ts';
import { createSimSpans, type SimSpans } from './world/spans.ts';
import { createStreams } from './world/streams.ts';
import { createTally } from './world/tally.ts';
import { createTime } from './world/time.ts';
import { createTrace } from './world/trace.ts';
import { createFaultInjector } from './world/fault-injector.ts';
import type { World } from './world/world.ts';
import { createModel } from './workload/model.ts';
import { createClient } from './workload/client.ts';
import { createTokens } from './workload/tokens.ts';
import { runWorkload } from './workload/workload.ts';
import type { WorkloadContext } from './workload/context.ts';

export interface SeedOptions {
  readonly seed: number;
  readonly server: RealServer;
  /** Takes the lines of the trace, if that is wanted. */
  readonly write?: ((line: string) => void) | undefined;
  /** No faults at all, whatever the seed says. */
  readonly isCalm?: boolean | undefined;
  /** How many instances all services have together; without it, some have two. */
  readonly instances?: number | undefined;
  /** Whether traces are recorded, whatever the seed says; nothing else depends on it. */
  readonly hasTraces?: boolean | undefined;
  /** Whether orders are archived meanwhile, whatever the seed says. */
  readonly hasArchive?: boolean | undefined;
  /** A crash point at which processes die again and again, beside what the seed says. */
  readonly target?: Failpoint | undefined;
}

/** What one simulation came to. */
export interface SeedResult {
  readonly seed: number;
  readonly findings: readonly Finding[];
  readonly faults: Readonly<Record<string, number>>;
  readonly crashPoints: readonly CrashPointCount[];
  readonly orders: Endings;
  /** How many spans were begun; 0 where no traces are recorded. */
  readonly spans: number;
  /** How long it was for those inside, in milliseconds. */
  readonly virtualMs: number;
  /** How long after the last fault all was at rest, in milliseconds of the simulation. */
  readonly healedAfterMs: number;
}

const START_AT = Date.UTC(2026, 0, 1);
/** The most that one seed may take, in milliseconds of CPU. */
const CPU_LIMIT_MS = 60_000;
const createWorld = ({ seed, server, write, isCalm = false, target }: SeedOptions): World => {
  const streams = createStreams(seed);
  const tally = createTally();
  const realWork = createRealWork((fn) => void time.after(0, fn));
  const settled = async (): Promise<void> => {
    for (;;) {
      await server.statements.settled();
      if (!realWork.isUnderWay()) return;
      await realWork.settled();
    }
  };
  const time = createTime({ startAt: START_AT, settled, limitMs: CPU_LIMIT_MS });
  const trace = createTrace(() => time.now() - START_AT, write);
  return {
    time,
    streams,
    tally,
    trace,
    realWork,
    faultInjector: createFaultInjector({ streams, tally, trace, isCalm, target }),
  };
};

/** All that one simulation consists of. */
interface Simulation {
  readonly world: World;
  readonly server: RealServer;
  readonly cluster: MemoryCluster;
  readonly echo: Echo;
  readonly deployment: Deployment;
  readonly context: WorkloadContext;
  /** Where access control is on. */
  readonly issuer: SimIssuer | undefined;
  /** Where traces are recorded. */
  readonly spans: SimSpans | undefined;
  readonly findings: Findings;
  /** Whether Kafka loses nothing that it has taken. */
  readonly isComplete: boolean;
  readonly lengthMs: number;
  readonly clients: Promise<void>;
  /** Where orders are archived meanwhile. */
  readonly archiving: (SimArchive & ArchiveChecker) | undefined;
}

/** What faults befall. */
type Befallen = Pick<Simulation, 'world' | 'server' | 'cluster' | 'echo' | 'deployment' | 'issuer'>;

const scheduleFaults = (befallen: Befallen, { schedule, workload }: Plan, isCalm: boolean): void => {
  const { world, server, cluster, echo, deployment, issuer } = befallen;
  const publish = (topic: string, key: string, value: string) => echo.publish(topic, { key, value });
  const { publishAgain } = echo;
  runFaultSchedule(schedule, { world, deployment, cluster, server, publish, publishAgain });
  if (isCalm) return;
  scheduleClockSteps({ world, deployment }, workload.lengthMs);
  scheduleDependencyFaults({ world, server, cluster }, workload.lengthMs);
  issuer?.scheduleFaults(workload.lengthMs);
};

/** Archives with the checker of what they do. */
const startArchiving = (
  world: World,
  server: RealServer,
  { model, findings }: WorkloadContext,
  lengthMs: number,
): SimArchive & ArchiveChecker => {
  const archive = createSimArchive({ world, server, findings, lengthMs });
  return { ...archive, ...createArchiveChecker({ server, archive, model, time: world.time, findings }) };
};

const build = (options: SeedOptions, world: World, findings: Findings): Simulation => {
  const { server } = options;
  const { streams, time } = world;
  const clock = {
    wallClock: () => Math.floor(time.now()),
    monotonic: () => time.now(),
    after: (ms: number, fn: () => void) => time.after(ms, fn),
    soon: (fn: () => void) => void time.after(0, fn),
  };
  const cluster = createCluster({ clock, random: streams('kafka').next });
  const plan = planRun(world, options.isCalm === true);
  const { workload, environment, isDurable, isComplete } = plan;
  const issuer = plan.hasAccess ? createIssuer(world) : undefined;
  const spans = (options.hasTraces ?? plan.hasTraces) ? createSimSpans(world) : undefined;
  const tokens = issuer && createTokens(issuer, time);
  const echo = createEcho(cluster);
  const network = createNetwork(world);
  const deployment = startDeployment(
    {
      world,
      network,
      cluster,
      echo,
      isDurable,
      databases: server.databases,
      environment: { ...environment, ...issuer?.environment },
      issuer,
      spans,
      loggerOf: watchLogs(world, findings, options.write !== undefined),
    },
    layOutSlots(world, options.instances),
  );
  const model = createModel(findings);
  const client = createClient(world, network, () => deployment.of('api-gateway'), tokens);
  const areKeysKept = (): boolean => areWithinADay(deployment.slots);
  const hasArchive = options.hasArchive ?? plan.hasArchive;
  const context: WorkloadContext = { world, client, model, findings, tokens, hasArchive, areKeysKept };
  const archiving = hasArchive ? startArchiving(world, server, context, workload.lengthMs) : undefined;
  scheduleFaults({ world, server, cluster, echo, deployment, issuer }, plan, options.isCalm === true);
  const clients = runWorkload(context, workload);
  return {
    world,
    server,
    cluster,
    echo,
    deployment,
    context,
    issuer,
    spans,
    findings,
    isComplete,
    lengthMs: workload.lengthMs,
    clients,
    archiving,
  };
};

const healAll = ({ world, cluster, server, deployment, issuer, archiving }: Simulation): void => {
  world.trace('fault', 'all faults are healed');
  world.faultInjector.healAll();
  cluster.faults.clear();
  issuer?.comeBack();
  for (const database of Object.values(server.databases)) {
    database.comeBack();
    database.conditions.clear();
  }
  for (const slot of deployment.slots) slot.skewMs = 0;
  archiving?.heal();
};

/** What nobody catches is a finding: in life it would end the process. */
const catchStrays = (findings: Findings) => {
  const note = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    findings.add('no exception goes uncaught', ['process'], text);
  };
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  return () => {
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
  };
};

/** Runs the simulation of one seed. What goes wrong in it is a finding, never an exception. */
export const runSeed = async (options: SeedOptions): Promise<SeedResult> => {
  await options.server.reset();
  const findings = createFindings();
  const release = catchStrays(findings);
  const world = createWorld(options);
  const giveTimeBack = lendTime(world.time);
  const untrack = trackVerification(world.realWork);
  const simulation = build(options, world, findings);
  const { deployment } = simulation;
  let healedAfterMs = 0;
  let virtualMs = 0;
  let orders: Endings = {};
  let spans = 0;
  try {
    await runFor(simulation, simulation.lengthMs);
    healAll(simulation);
    healedAfterMs = await heal(simulation);
    for (const request of simulation.context.client.unanswered())
      findings.add('every request is answered unless a gateway crashes', ['gateway'], request);
    spans = simulation.spans?.check(findings) ?? 0;
    deployment.end();
    simulation.archiving?.disk.losePower(world.streams('archive/last-power'));
    giveTimeBack();
    virtualMs = Math.round(world.time.now() - START_AT);
    orders = await checkFinalState(simulation);
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    findings.add(COMES_TO_ITS_END, ['simulation'], detail);
  } finally {
    deployment.end();
    giveTimeBack();
    await options.server.statements.settled();
    untrack();
    release();
  }
  return {
    seed: options.seed,
    findings: findings.list(),
    faults: world.tally.faults(),
    crashPoints: world.tally.crashPoints(),
    orders,
    spans,
    virtualMs,
    healedAfterMs: Math.round(healedAfterMs),
  };
};
