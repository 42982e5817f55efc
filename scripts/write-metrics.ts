// Writes docs/metrics.md from the definitions in contracts. A test sees to it that it was run.
import { writeFile } from 'node:fs/promises';
import { metricsPage } from '@order-pipeline/contracts';
import { describeProcessMetrics } from '@order-pipeline/launcher';
import { format, resolveConfig } from 'prettier';

const file = new URL('../docs/metrics.md', import.meta.url);
const style = await resolveConfig(file);
await writeFile(file, await format(metricsPage(describeProcessMetrics()), { ...style, parser: 'markdown' }));
