import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { DATABASE_NAMES } from '@order-pipeline/contracts';

/** The last migration from before the rule. */
const BEFORE_THE_RULE = '20261128180000';

/** What a statement does that instances of the release before may not survive, or that keeps others from the table. */
const REFUSED: readonly (readonly [problem: string, pattern: RegExp])[] = [
  [
    'drops or renames what the release before may read',
    /\b(?:DROP\s+(?:TABLE|COLUMN|TYPE|FUNCTION|SCHEMA)|RENAME)\b/i,
  ],
  ['changes the type of a column', /\bALTER\s+(?:COLUMN\s+)?"?\w+"?\s+(?:SET\s+DATA\s+)?TYPE\b/i],
  [
    'adds a column that the release before does not fill',
    /\bADD\s+COLUMN\b(?:(?!\bDEFAULT\b)[^,;])*\bNOT\s+NULL\b(?![^,;]*\bDEFAULT\b)/i,
  ],
  ['refuses what the release before may write', /\bSET\s+NOT\s+NULL\b/i],
];

/** Says which release was the last to need what a migration takes away. */
const EXPLAINED = /^-- Unused since (?:release )?\d+\.\d+\.\d+\b/m;

/** Why a migration must not be released; nothing where it may be. */
const problemsOf = (sql: string): string[] => {
  const statements = sql.replaceAll(/^\s*--.*$/gm, '');
  const made = new Set(
    [...statements.matchAll(/\bCREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?/gi)].map(([, name]) => name),
  );
  const locking = [
    ...statements.matchAll(/\bCREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)"?\w+"? ON "?(\w+)"?/gi),
  ]
    .filter(([, table]) => !made.has(table))
    .map(([, table]) => `locks ${table} against writers while an index is made: CREATE INDEX CONCURRENTLY`);
  const refused = EXPLAINED.test(sql)
    ? []
    : REFUSED.filter(([, pattern]) => pattern.test(statements)).map(([problem]) => problem);
  return [...refused, ...locking];
};

const MIGRATIONS = new URL('../../prisma/', import.meta.url);

test('the release before continues while and after each migration', async () => {
  const found: Record<string, string[]> = {};
  for (const database of DATABASE_NAMES) {
    const folder = new URL(`${database}/migrations/`, MIGRATIONS);
    const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(names).not.toEqual([]);
    for (const { name } of names.filter((entry) => entry.name > BEFORE_THE_RULE)) {
      const problems = problemsOf(await readFile(new URL(`${name}/migration.sql`, folder), 'utf8'));
      if (problems.length > 0) found[`${database}/${name}`] = problems;
    }
  }
  expect(found).toEqual({});
});

test.each([
  ['ALTER TABLE "a" DROP COLUMN "b";', 'drops or renames'],
  ['DROP TABLE "a";', 'drops or renames'],
  ['ALTER TABLE "a" RENAME COLUMN "b" TO "c";', 'drops or renames'],
  ['ALTER TABLE "a" RENAME TO "b";', 'drops or renames'],
  [`ALTER TYPE "a" RENAME VALUE 'B' TO 'C';`, 'drops or renames'],
  ['ALTER TABLE "a" ALTER COLUMN "b" TYPE BIGINT;', 'changes the type'],
  ['ALTER TABLE "a" ADD COLUMN "b" TEXT NOT NULL;', 'does not fill'],
  ['ALTER TABLE "a" ADD COLUMN "c" INT DEFAULT 1, ADD COLUMN "b" TEXT NOT NULL;', 'does not fill'],
  ['ALTER TABLE "a" ALTER COLUMN "b" SET NOT NULL;', 'may write'],
  ['CREATE INDEX "b" ON "a"("c");', 'locks a'],
  ['-- Unused since 1.2.0: nobody.\nCREATE UNIQUE INDEX "b" ON "a"("c");', 'locks a'],
  ['-- DROP is a word.\nALTER TABLE "a"\n  DROP COLUMN "b";', 'drops or renames'],
])('%s is refused', (sql, problem) => {
  expect(problemsOf(sql)).toEqual([expect.stringContaining(problem)]);
});

test.each([
  'ALTER TABLE "a" ADD COLUMN "b" TEXT;',
  'ALTER TABLE "a" ADD COLUMN "b" TEXT NOT NULL DEFAULT \'\', ADD COLUMN "c" INT;',
  `ALTER TABLE "a" ADD COLUMN "b" TEXT DEFAULT '' NOT NULL;`,
  'CREATE TABLE "a" ("b" TEXT NOT NULL);\nCREATE INDEX "c" ON "a"("b");',
  '-- migrate: concurrently\nCREATE INDEX CONCURRENTLY "b" ON "a"("c");',
  'DROP INDEX "b";',
  '-- Unused since 1.2.0, which writes "c" alone.\nALTER TABLE "a" DROP COLUMN "b";',
  'ALTER TABLE "a" SET (autovacuum_vacuum_scale_factor = 0.01);',
])('%s is not', (sql) => {
  expect(problemsOf(sql)).toEqual([]);
});
