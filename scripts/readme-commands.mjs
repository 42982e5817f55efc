// Prints the first commands of README.md, one a line, without their comments: `node scripts/readme-commands.mjs [how many]`.
// With Node's own modules alone: it runs on a clone where nothing is installed yet.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const SHELL_BLOCKS = /^```sh\n([\s\S]*?)^```$/gm;
const COMMENT = /\s+#\s.*$/;

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const commands = [...readme.matchAll(SHELL_BLOCKS)]
  .flatMap(([, block = '']) => block.split('\n'))
  .map((line) => line.replace(COMMENT, '').trim())
  .filter((line) => line !== '');
for (const command of commands.slice(0, Number(process.argv[2] ?? commands.length))) console.log(command);
