// Generates the Prisma client of every database under prisma/, and that of the benchmark's plain build where it is.
// `prisma generate` insists on an engine file that it never runs; naming one that exists keeps it from trying to download
// it, so this needs no network.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const databases = readdirSync(new URL('prisma', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `prisma/${name}/schema.prisma`);
const plainBuild = 'tools/bench/plain/schema.prisma';
for (const schema of [...databases, plainBuild].filter((file) => existsSync(new URL(file, root)))) {
  execFileSync('prisma', ['generate', '--schema', schema], {
    cwd: root,
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}
