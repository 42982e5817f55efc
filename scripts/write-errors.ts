// Writes docs/errors.md from the tables that errors are judged by. A test sees to it that it was run.
import { writeFile } from 'node:fs/promises';
import { faultsPage } from '@order-pipeline/service-kit';
import { format, resolveConfig } from 'prettier';

const file = new URL('../docs/errors.md', import.meta.url);
const style = await resolveConfig(file);
await writeFile(file, await format(faultsPage(), { ...style, parser: 'markdown' }));
