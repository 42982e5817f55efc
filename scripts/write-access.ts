// Writes docs/access.md from the access that operations declare. A test sees to it that it was run.
import { writeFile } from 'node:fs/promises';
import { accessPage } from '@order-pipeline/contracts';
import { format, resolveConfig } from 'prettier';

const file = new URL('../docs/access.md', import.meta.url);
const style = await resolveConfig(file);
await writeFile(file, await format(accessPage(), { ...style, parser: 'markdown' }));
