import { lchown, readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { getuid } from 'node:process';
import { runProgram, type Account, type Launch, type Programs } from './programs.ts';

const NOBODY: Account = { uid: 65_534, gid: 65_534, name: 'nobody' };

/** The probe's exit code for a data folder that the account cannot enter. */
const FOLDER_CLOSED = 71;

/**
 * Decides as whom PostgreSQL runs. It refuses to run as root, so when this process is root (containers, CI) an unprivileged account
 * is taken: the owner of the files that are there, else the user `postgres`, else `nobody`. When that account cannot reach the programs or
 * the data folder, because both often lie below a directory that only root may enter, it is given the one capability that opens the way.
 * @returns how to start the programs; tried out, not guessed.
 * @throws Error with one sentence that says what to change when no way works.
 */
export async function chooseLaunch(programs: Programs, dataDir: string, cluster: string): Promise<Launch> {
  if (getuid?.() !== 0) return { wrapper: [] };
  const account = await chooseAccount(dataDir, cluster);
  const failures: string[] = [];
  for (const launch of waysToLaunch(account)) {
    const failure = await probe(launch, programs, dataDir, account.name);
    if (failure === undefined) return launch;
    failures.push(failure);
  }
  throw new Error(`PostgreSQL does not run as root, and ${failures[0]}.`);
}

/** Gives a file or directory (not what is in it) to the account that the server runs as; for a normal user nothing changes. */
export async function handOver(file: string, launch: Launch): Promise<void> {
  if (launch.account !== undefined) await lchown(file, launch.account.uid, launch.account.gid);
}

/** Gives a whole tree to the account when its top belongs to root, as after a backup was copied back by root. */
export async function adoptTree(top: string, launch: Launch): Promise<void> {
  const { account } = launch;
  if (account === undefined || (await stat(top)).uid !== 0) return;
  for (const entry of await readdir(top, { recursive: true })) {
    await lchown(path.join(top, entry), account.uid, account.gid);
  }
  await lchown(top, account.uid, account.gid);
}

async function chooseAccount(dataDir: string, cluster: string): Promise<Account> {
  const owner = (await ownerOf(cluster)) ?? (await ownerOf(dataDir));
  return owner ?? (await accountNamed('postgres')) ?? NOBODY;
}

async function ownerOf(file: string): Promise<Account | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || found.uid === 0) return undefined;
  return { uid: found.uid, gid: found.gid, name: `user ${found.uid}` };
}

async function accountNamed(name: string): Promise<Account | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const fields = passwd
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':');
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return uid > 0 && gid >= 0 ? { uid, gid, name } : undefined;
}

/**
 * What to try, the least power first. Reading through closed directories is all that is needed (dac_read_search), but a container's root
 * usually has only dac_override. `no_setuid_fixup` makes access(2), with which PostgreSQL looks for its own programs, count the capability.
 * A root that may not change its user at all, as in a sandbox that maps only one, can still call itself another one in a namespace.
 */
function waysToLaunch(account: Account): Launch[] {
  const user = `--reuid ${account.uid} --regid ${account.gid} --clear-groups --securebits +no_setuid_fixup`;
  const capable = (name: string): Launch => ({
    account,
    wrapper: `setpriv ${user} --inh-caps +${name} --ambient-caps +${name}`.split(' '),
  });
  const renamed = `unshare --user --map-user=${NOBODY.uid} --map-group=${NOBODY.gid}`;
  return [
    { account, wrapper: [] },
    capable('dac_read_search'),
    capable('dac_override'),
    { wrapper: renamed.split(' ') },
  ];
}

/** Enters the data folder and lets initdb find its files and PostgreSQL, which creates nothing: what failed, or nothing. */
async function probe(
  launch: Launch,
  programs: Programs,
  dataDir: string,
  name: string,
): Promise<string | undefined> {
  const script = `cd -- "$1" || exit ${FOLDER_CLOSED}; exec "$2" --show -D "$1"`;
  const args = ['-c', script, 'sh', dataDir, programs.initdb];
  try {
    const { code, output } = await runProgram(launch, '/bin/sh', args);
    if (code === 0) return undefined;
    if (code !== FOLDER_CLOSED) {
      return `${name} cannot run ${programs.initdb} (${output.split('\n').at(-1)}): move the program to where every user can enter, or start as another user`;
    }
    return `${name} cannot enter DATA_DIR ${dataDir}: set DATA_DIR to a folder that every user can enter, or start as another user`;
  } catch {
    return `this process may not change to ${name}: start as another user`;
  }
}
