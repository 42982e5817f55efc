import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { openFolder } from '@order-pipeline/archive';
import { FAILPOINTS, type Failpoint } from '@order-pipeline/service-kit';
import { OLD_IDS, STAYING, useArchive, type ArchiveFixture } from './fixture.ts';

const CHILD = fileURLToPath(new URL('./crashing-child.ts', import.meta.url));
const LIMIT_MS = 90_000;

const POINTS = (Object.keys(FAILPOINTS) as Failpoint[]).filter((point) => point.startsWith('archive.'));
/** What is taken back is what an earlier run was killed with. */
const FIRST: Readonly<Partial<Record<Failpoint, Failpoint>>> = {
  'archive.afterTakeBackBeforeRemove': 'archive.afterRenameBeforeRemove',
};

const fixture = useArchive();

/** Answers the signal that ended it. */
const archiveUntil = ({ options }: ArchiveFixture, point: Failpoint): Promise<string | undefined> =>
  new Promise((resolve) => {
    const args = ['--import', 'tsx', CHILD, JSON.stringify(options), point];
    execFile(process.execPath, args, (error) => resolve(error?.signal ?? undefined));
  });

const archivedIds = async ({ select }: ArchiveFixture): Promise<string[]> =>
  (await select<{ id: string }>('orders', 'SELECT id FROM archived_orders')).map(({ id }) => id);

test.each(POINTS)(
  'killed at %s, an archive has lost and doubled nothing, and the next one finishes it',
  async (point) => {
    const first = FIRST[point];
    if (first) expect(await archiveUntil(fixture(), first)).toBe('SIGKILL');
    expect(await archiveUntil(fixture(), point)).toBe('SIGKILL');
    expect(await fixture().wrong()).toEqual({});
    const known = [...(await fixture().liveIds()), ...(await archivedIds(fixture()))];
    expect(known.toSorted()).toEqual([...OLD_IDS, ...STAYING].toSorted());

    await fixture().archive();
    expect(await fixture().wrong()).toEqual({});
    expect(await fixture().liveIds()).toEqual(STAYING);
    expect((await fixture().filed()).map(({ id }) => id)).toEqual(OLD_IDS);
    const unfinished = `SELECT FROM archive_files
      WHERE reservations_removed_at IS NULL AND taken_back_at IS NULL`;
    expect(await fixture().select('orders', unfinished)).toEqual([]);
    const [totals] = await fixture().select('orders', 'SELECT * FROM archive_totals');
    expect(totals).toMatchObject({
      runs_succeeded: '1',
      runs_failed: first ? '2' : '1',
      orders: String(OLD_IDS.length),
      files: String((await openFolder(fixture().dir).list()).length),
    });
  },
  LIMIT_MS,
);
