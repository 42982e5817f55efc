import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { findPrograms } from '../src/programs.ts';
import { CHILD, dataDir, isRoot, ownFolders, query, reportOf, start, startChild, top } from './harness.ts';

const NOBODY = 65_534;
const testAsRoot = isRoot ? test : test.skip;
/** As root, a normal user can be played, when it may reach node and the sources. */
const testAsUser = isRoot && runsAsNobody() ? test : test.skip;

ownFolders();

testAsRoot('as root it works below a folder that only root can enter', async () => {
  chmodSync(top, 0o700);
  const first = await start();
  await query(first.url('orders'), 'create table note as select 42 as answer');
  await first.stop();
  const second = await start();
  expect(await query(second.url('orders'), 'select answer from note')).toEqual([{ answer: 42 }]);
});

testAsRoot('as root it works when the programs lie below a folder that only root can enter', async () => {
  const { postgres: installed } = await findPrograms();
  const closed = path.join(top, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  cpSync(path.dirname(path.dirname(installed)), path.join(closed, 'native'), { recursive: true });
  const program = (name: string): string => path.join(closed, 'native', 'bin', name);
  const programs = { postgres: program('postgres'), initdb: program('initdb') };

  const postgres = await start({ programs });
  expect(await query(postgres.url('orders'), 'select 1 as one')).toEqual([{ one: 1 }]);
});

testAsUser(
  'a normal user can start it, root can start it on the same files, and the user again',
  async () => {
    mkdirSync(dataDir);
    chownSync(dataDir, NOBODY, NOBODY);
    const byUser = startChild({ uid: NOBODY, gid: NOBODY });
    const { url } = await reportOf(byUser);
    await query(url, 'create table note as select 42 as answer');
    byUser.kill('SIGTERM');
    await once(byUser, 'exit');

    const byRoot = await start();
    expect(await query(byRoot.url('orders'), 'select answer from note')).toEqual([{ answer: 42 }]);
    await byRoot.stop();
    const again = await reportOf(startChild({ uid: NOBODY, gid: NOBODY }));
    expect(await query(again.url, 'select answer from note')).toEqual([{ answer: 42 }]);
  },
);

testAsUser('a normal user gets a message that names the owner of files that are not theirs', async () => {
  const byRoot = await start();
  await byRoot.stop();
  chmodSync(dataDir, 0o777);
  const { error } = await reportOf(startChild({ uid: NOBODY + 1, gid: NOBODY + 1 }));
  expect(error).toContain('start as the user they belong to, or set another DATA_DIR.');
});

function runsAsNobody(): boolean {
  const script = `require('node:fs').accessSync(${JSON.stringify(CHILD)})`;
  return spawnSync(process.execPath, ['-e', script], { uid: NOBODY, gid: NOBODY }).status === 0;
}
