// Writes docs/asyncapi.json from the schemas that the events are checked with. A test sees to it that it was run.
import { writeFile } from 'node:fs/promises';
import { asyncApiDocument } from '@order-pipeline/contracts';
import { format, resolveConfig } from 'prettier';

const file = new URL('../docs/asyncapi.json', import.meta.url);
const style = await resolveConfig(file);
await writeFile(file, await format(JSON.stringify(asyncApiDocument()), { ...style, parser: 'json' }));
