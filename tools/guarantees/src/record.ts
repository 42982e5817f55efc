import { readFile, writeFile } from 'node:fs/promises';
import type { Figures } from '@order-pipeline/sim/figures.ts';
import type { Hunt } from '@order-pipeline/sim/hunt.ts';
import type { FreshRun } from './fresh.ts';

/** How many instances all services have in the simulation of many. */
export const INSTANCES = 50;

/** What was run, each on its own. */
export type Part =
  'simulation' | 'instances' | 'fresh' | 'mutants' | 'fresh-mutants' | 'docker' | 'cluster' | 'kubernetes';

/** What the tests of docker-compose.yml write, for each. */
export interface ChaosFigures {
  readonly what: string;
  readonly kills: number;
  readonly acknowledged: number;
}

/** What the tests of docker-compose.cluster.yml write, for each: what clients got meanwhile. */
export interface ClusterFigures {
  readonly what: string;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly longestSilenceMs: number;
  readonly longestStandstillMs: number;
}

/** What the tests on Kubernetes write, for each. */
export interface KubernetesFigures {
  readonly what: string;
  /** Requests that place an order. */
  readonly tries: number;
  readonly acknowledged: number;
  /** Requests that were answered 503, and those that got no answer; each was sent again. */
  readonly refused: number;
  readonly broken: number;
}

interface Ran<F> {
  /** ISO 8601. */
  readonly at: string;
  readonly figures: F;
}

/** The figures of the last runs. */
export interface GuaranteesRecord {
  readonly simulation?: Ran<Figures>;
  /** Of seeds with `INSTANCES` instances. */
  readonly instances?: Ran<Figures>;
  readonly mutants?: Ran<readonly Hunt[]>;
  readonly 'fresh-mutants'?: Ran<readonly Hunt[]>;
  readonly fresh?: Ran<readonly FreshRun[]>;
  readonly docker?: Ran<readonly ChaosFigures[]>;
  readonly cluster?: Ran<readonly ClusterFigures[]>;
  /** The note says on what it was run, where that shows in the figures. */
  readonly kubernetes?: Ran<readonly KubernetesFigures[]> & { readonly note?: string };
}

const FILE = new URL('../../../docs/guarantees.json', import.meta.url);

/** The figures of the last runs; none before the first. */
export const readRecord = async (): Promise<GuaranteesRecord> => {
  const text = await readFile(FILE, 'utf8').catch(() => '{}');
  return JSON.parse(text) as GuaranteesRecord;
};

export const writeRecord = (record: GuaranteesRecord): Promise<void> =>
  writeFile(FILE, `${JSON.stringify(record, undefined, 2)}\n`);
