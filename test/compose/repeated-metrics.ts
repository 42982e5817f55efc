import { expect, test } from '@jest/globals';
import { METRICS, type MetricDefinition } from '@order-pipeline/contracts';
import { createRules, LIFE } from '@order-pipeline/observability';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import type { Stack } from './stack.ts';
import { QUERIES, readJson, type Monitoring } from './monitoring.ts';

const WAIT = { timeoutMs: 2 * MINUTE_MS };

/** A series of an answer, at one moment. */
interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

const NAMES = Object.entries<MetricDefinition>(METRICS).flatMap(([name, { scope }]) =>
  scope === 'global' ? [name] : [],
);
/** A metric that every instance reports. */
const GLOBAL = new RegExp(`\\b(?:${NAMES.join('|')})\\b`);
/** The same with what begins its selector, if it has one. */
const GLOBAL_SELECTOR = new RegExp(`\\b(${NAMES.join('|')})\\b(\\{)?`, 'g');

const EXPRESSIONS = [
  ...QUERIES.map(({ expr }) => expr),
  ...createRules(LIFE).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
];

/** The series of which one answer has at least half as much again as the other. */
const differing = (some: readonly Sample[], others: readonly Sample[]): string[] => {
  const valuesOf = (samples: readonly Sample[]) =>
    new Map(samples.map(({ metric, value }) => [JSON.stringify(metric), Number(value[1])]));
  const [left, right] = [valuesOf(some), valuesOf(others)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((key) => {
    const [a = NaN, b = NaN] = [left.get(key), right.get(key)];
    return !(Math.max(a, b) <= 1.5 * Math.min(a, b));
  });
};

/** What several instances report alike, in what is asked of Prometheus. */
export const defineRepeatedMetricsTests = (
  parts: () => Stack & { readonly monitoring: Monitoring },
): void => {
  test(
    'what every instance of orders reports counts once in every panel, rule and alert',
    async () => {
      const { compose, monitoring } = parts();
      await compose.run('up', '--wait', '--no-recreate', '--no-deps', '--scale', 'orders=2', 'orders');
      const ask = async (query: string): Promise<Sample[]> => {
        const asked = new URLSearchParams({ query });
        const { data } = (await readJson(`${monitoring.prometheus}/api/v1/query?${asked.toString()}`)) as {
          data: { result: Sample[] };
        };
        return data.result;
      };
      const [one = ''] = await eventually(async () => {
        const instances = (await ask('outbox_depth')).map(({ metric }) => metric['instance'] ?? '');
        expect(instances).toHaveLength(2);
        return instances;
      }, WAIT);
      const repeated = EXPRESSIONS.filter((expr) => GLOBAL.test(expr));
      expect(repeated.length).toBeGreaterThan(20);
      for (const expr of repeated)
        await eventually(async () => {
          const alone = expr.replaceAll(
            GLOBAL_SELECTOR,
            (_, name: string, brace?: string) => `${name}{instance!="${one}"${brace ? ',' : '}'}`,
          );
          expect(differing(await ask(expr), await ask(alone))).toEqual([]);
        }, WAIT);
    },
    4 * MINUTE_MS,
  );
};
