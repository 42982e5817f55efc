// Writes deploy/observability: rules, configuration and dashboards. A test sees to it that it was run.
import { mkdir, writeFile } from 'node:fs/promises';
import { createFiles, FOLDER } from './files.ts';

for (const [name, content] of await createFiles()) {
  const file = new URL(name, FOLDER);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, content);
}
