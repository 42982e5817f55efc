import type { Compose } from './compose.ts';

/**
 * Runs statements as the superuser, for whom PostgreSQL keeps a few connections; answers the bare values.
 *
 * @throws Error with what psql says where one of them fails
 */
export const askPostgres = async (compose: Compose, ...statements: string[]): Promise<string> => {
  const commands = statements.flatMap((statement) => ['--command', statement]);
  const psql = [
    'psql',
    '--username=postgres',
    '--quiet',
    '--tuples-only',
    '--no-align',
    '--set=ON_ERROR_STOP=1',
  ];
  return (await compose.run('exec', '-T', 'postgres', ...psql, ...commands)).trim();
};
