// Runs an embedded PostgreSQL in a process of its own, which a test can kill: node --import tsx <this file> <data folder>
import { startEmbeddedPostgres } from '../src/index.ts';
import { testRuntime } from './runtime.ts';

const [dataDir = ''] = process.argv.slice(2);
try {
  const postgres = await startEmbeddedPostgres({
    dataDir,
    databases: ['orders'],
    log: () => undefined,
    runtime: testRuntime,
    durability: 'off',
  });
  console.log(JSON.stringify({ pid: postgres.pid, url: postgres.url('orders') }));
  process.stdin.once('data', () => process.exit(0)); // 'exit': ends without stop()
  process.once('SIGTERM', () => void postgres.stop().then(() => process.exit(0)));
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
  process.exitCode = 1;
}
