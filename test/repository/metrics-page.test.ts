import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { metricsPage } from '@order-pipeline/contracts';
import { describeProcessMetrics } from '@order-pipeline/launcher';
import { format, resolveConfig } from 'prettier';

const FILE = new URL('../../docs/metrics.md', import.meta.url);

test('docs/metrics.md is up to date', async () => {
  const style = await resolveConfig(FILE);
  const page = await format(metricsPage(describeProcessMetrics()), { ...style, parser: 'markdown' });
  const stored = await readFile(FILE, 'utf8');
  // Elsewhere the process reports less of itself.
  const comparable = (text: string): string =>
    process.platform === 'linux' ? text : (text.split('\n## Process')[0] ?? '');
  expect(comparable(stored)).toBe(comparable(page));
});
