import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { METRICS, type MetricDefinition } from '@order-pipeline/contracts';
import { parse } from 'yaml';
import { ALERT_GROUPS, createRules, DASHBOARDS, FOLDER, LIFE, runbookOf } from '../src/files.ts';

const ROOT = new URL('../../../', import.meta.url);
const ALERTS = Object.values(ALERT_GROUPS).flat();
const RULES = createRules(LIFE).groups.flatMap(({ rules }) => rules as { record?: string; expr: string }[]);
const PANELS = Object.entries(DASHBOARDS).flatMap(([name, { rows }]) =>
  rows.flatMap(({ panels }) =>
    panels.flatMap(({ title, queries }) => queries.map(({ expr }) => [`${name}: ${title}`, expr] as const)),
  ),
);
const EXPRESSIONS: readonly (readonly [string, string])[] = [
  ...RULES.map(({ record, expr }, index) => [record ?? `rule ${index}`, expr] as const),
  ...PANELS,
];

/** The words of PromQL that are no metrics and are followed by no bracket. */
const WORDS = new Set(['or', 'and', 'unless', 'by', 'on', 'without', 'ignoring']);

/** The metrics that an expression names. */
const metricsIn = (expr: string): string[] => {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:by|on|without|ignoring) *\([^)]*\)/g, ' ');
  return [...bare.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*(?! *\(|[a-zA-Z0-9_:])/g)]
    .map(([name]) => name)
    .filter((name) => !WORDS.has(name));
};

const definitionOf = (name: string): MetricDefinition | undefined =>
  (METRICS as Readonly<Record<string, MetricDefinition>>)[name.replace(/_(?:bucket|count|sum)$/, '')];

test.each(EXPRESSIONS)('%s names metrics that there are', async (_, expr) => {
  const page = await readFile(new URL('docs/metrics.md', ROOT), 'utf8');
  const recorded = new Set(RULES.map(({ record }) => record));
  const unknown = metricsIn(expr).filter(
    (name) =>
      !['up', 'ALERTS'].includes(name) &&
      !recorded.has(name) &&
      !page.includes(`\`${name.replace(/_(?:bucket|count|sum)$/, '')}\``),
  );
  expect(unknown).toEqual([]);
});

test.each(Object.keys(METRICS))('%s is on a dashboard', (name) => {
  const shown = PANELS.flatMap(([, expr]) => metricsIn(expr));
  expect(shown.map((one) => one.replace(/_(?:bucket|count|sum)$/, ''))).toContain(name);
});

test('the names in an expression are found', () => {
  const expr = 'sum by (a) (rate(b_total{c="d"}[5m])) / on (e) f:g > 0 or max(h_bucket) unless vector(1)';
  expect(metricsIn(expr)).toEqual(['b_total', 'f:g', 'h_bucket']);
});

test.each(EXPRESSIONS)('%s takes the maximum of what every instance repeats', (_, expr) => {
  for (const name of metricsIn(expr)) {
    if (definitionOf(name)?.scope !== 'global') continue;
    const before = expr.slice(0, expr.indexOf(name));
    expect(before).toMatch(/max(?: by \([^)]*\))? ?\((?:rate\()?$/);
  }
});

describe.each(ALERTS)('$name', ({ name, expr }) => {
  test('has a page that says what it means, how to look and what to do', async () => {
    const page = await readFile(new URL(runbookOf(name), ROOT), 'utf8');
    expect(page.split('\n')[0]).toBe(`# ${name}`);
    for (const heading of ['What it means', 'How to look', 'What to do'])
      expect(page).toMatch(new RegExp(`\n## ${heading}\n\n\\S`));
  });

  test('is tried firing and quiet', async () => {
    const file = parse(await readFile(new URL('prometheus/rules.test.yml', FOLDER), 'utf8')) as {
      tests: { promql_expr_test: { expr: string; exp_samples: unknown[] }[] }[];
    };
    const tried = file.tests
      .flatMap(({ promql_expr_test: cases }) => cases)
      .filter((one) => one.expr.includes(`alertname="${name}"`));
    expect(tried.some(({ exp_samples: samples }) => samples.length > 0)).toBe(true);
    expect(tried.some(({ exp_samples: samples }) => samples.length === 0)).toBe(true);
  });

  test('has a name of its own', () => {
    expect(ALERTS.filter((alert) => alert.name === name || alert.expr === expr)).toHaveLength(1);
  });
});

test('every page in docs/runbooks belongs to an alert, and its commands and links lead somewhere', async () => {
  const folder = new URL('docs/runbooks/', ROOT);
  const pages = await readdir(folder);
  expect(new Set(pages.map((page) => `docs/runbooks/${page}`))).toEqual(
    new Set(ALERTS.map(({ name }) => runbookOf(name))),
  );
  const manifest = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const page of pages) {
    const text = await readFile(new URL(page, folder), 'utf8');
    for (const [, script = ''] of text.matchAll(/npx -y pnpm ([a-z:-]+)/g))
      expect([page, script, script in manifest.scripts]).toEqual([page, script, true]);
    for (const [, link = ''] of text.matchAll(/\]\(([a-z-]+\.md)\)/g))
      expect([page, link, pages.includes(link)]).toEqual([page, link, true]);
  }
});
