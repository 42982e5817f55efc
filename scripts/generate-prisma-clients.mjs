// Generates the Prisma client of every database under prisma/. `prisma generate` insists on an engine file that it
// never runs; naming one that exists keeps it from trying to download it, so this needs no network.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const databases = readdirSync(new URL('../prisma', import.meta.url), { withFileTypes: true }).filter(
  (entry) => entry.isDirectory(),
);
for (const { name } of databases) {
  execFileSync('prisma', ['generate', '--schema', `prisma/${name}/schema.prisma`], {
    cwd: new URL('..', import.meta.url),
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}
