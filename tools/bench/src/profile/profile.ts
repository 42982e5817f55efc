import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { BenchContext } from '../context/context.ts';
import { placeOrders } from '../load/place.ts';
import { CONNECTIONS } from '../orders/sizes.ts';
import { NO_WALKING_MS, openSpread, reportExamples } from '../orders/stage.ts';
import { readable } from '../report/report.ts';
import { startEmbeddedSystem } from '../system/embedded.ts';
import { findProfile, writeFlameGraph } from './flame-graph.ts';

const FOLDER = fileURLToPath(new URL('../../../../.bench/', import.meta.url));
const FULL_S = 15;
const QUICK_S = 5;

/** Places orders on a system whose processor time is sampled; writes where it went to .bench. */
export const profilePlacement = async (context: BenchContext): Promise<undefined> => {
  const { say, quick } = context;
  await rm(FOLDER, { recursive: true, force: true });
  const system = await startEmbeddedSystem(context, {
    name: 'the profile',
    workflowIntervalMs: NO_WALKING_MS,
    nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${FOLDER}`],
  });
  const source = await openSpread(system.url);
  const durationS = quick ? QUICK_S : FULL_S;
  say(`Profile: placing orders for ${durationS} s`);
  const placing = await placeOrders({
    url: system.url,
    source,
    connections: CONNECTIONS,
    extent: { durationS },
  });
  reportExamples(context, [placing]);
  await system.stop();
  const profile = await findProfile(FOLDER);
  const page = await writeFlameGraph(profile, FOLDER);
  console.log(`\n${readable(placing.rate)} orders/s while it was profiled, which slows it down.`);
  console.log(`Flame graph, for a browser: ${page}\nProfile, for Chrome's DevTools: ${profile}\n`);
};
