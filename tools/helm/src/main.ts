// Writes the parts of the Helm chart that follow from the tree: the services, the rules, the schema and the table of the
// values. A test sees to it that it was run.
import { writeFile } from 'node:fs/promises';
import { createFiles, FOLDER } from './files.ts';

for (const [name, content] of await createFiles()) await writeFile(new URL(name, FOLDER), content);
