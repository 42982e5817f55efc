import { readFile, writeFile } from 'node:fs/promises';

/** What was run, each on its own. */
export type Part = 'simulation' | 'mutants' | 'docker';

/** What `pnpm sim --json` writes. */
export interface SimulationFigures {
  readonly seeds: number;
  readonly failures: readonly { readonly seed: number }[];
  readonly virtualMs: number;
  readonly realMs: number;
  readonly longestHealingMs: number;
  readonly orders: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly crashPoints: readonly {
    readonly point: string;
    readonly service: string;
    readonly reached: number;
    readonly crashed: number;
  }[];
}

/** What `pnpm mutants --json` writes, for each. */
export interface MutantFigures {
  readonly name: string;
  readonly bug: string;
  readonly seed?: number;
  readonly promises: readonly string[];
}

/** What the tests of docker-compose.yml write, for each. */
export interface ChaosFigures {
  readonly what: string;
  readonly kills: number;
  readonly acknowledged: number;
}

interface Ran<F> {
  /** ISO 8601. */
  readonly at: string;
  readonly figures: F;
}

/** The figures of the last runs. */
export interface GuaranteesRecord {
  readonly simulation?: Ran<SimulationFigures>;
  readonly mutants?: Ran<readonly MutantFigures[]>;
  readonly docker?: Ran<readonly ChaosFigures[]>;
}

const FILE = new URL('../../docs/guarantees.json', import.meta.url);

/** The figures of the last runs; none before the first. */
export const readRecord = async (): Promise<GuaranteesRecord> => {
  const text = await readFile(FILE, 'utf8').catch(() => '{}');
  return JSON.parse(text) as GuaranteesRecord;
};

export const writeRecord = (record: GuaranteesRecord): Promise<void> =>
  writeFile(FILE, `${JSON.stringify(record, undefined, 2)}\n`);
