// Writes the capacity table of docs/scale.md from what an order costs. A test sees to it that it was run.
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { withCapacity } from './capacity.ts';

const page = new URL('../../../../docs/scale.md', import.meta.url);
const figures = new URL('../../../../docs/benchmarks/cost.json', import.meta.url);

const text = withCapacity(await readFile(page, 'utf8'), JSON.parse(await readFile(figures, 'utf8')));
const style = await resolveConfig(page);
await writeFile(page, await format(text, { ...style, parser: 'markdown' }));
