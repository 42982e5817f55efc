import path from 'node:path';
import type { FileSystem } from '@order-pipeline/archive';
import type { SimProcess } from './sim-process.ts';
import type { Stream } from './streams.ts';
import { never, type World } from './world.ts';

/** A file, with what of it is on the disk for good. */
interface File {
  bytes: Buffer;
  synced: Buffer;
}

type Entries = Map<string, File | Folder>;

/** A folder, with what it is known for on the disk, and the changes since then, oldest first. */
interface Folder {
  entries: Entries;
  synced: Entries;
  changes: ((entries: Entries) => void)[];
}

/** What stands on a disk, by its path. */
export interface DiskView {
  read(file: string): Buffer | undefined;
  /** The paths of all files. */
  files(): string[];
}

/** A disk that has for good only what was synced: the bytes of a file, and in its folder that it is there. */
export interface Disk {
  /** As a process has it; each step takes its time, and none is made once the process is dead. */
  of(process: SimProcess): FileSystem;
  /** As one has it whom nothing befalls, and who takes no time. */
  readonly direct: FileSystem;
  /** What stands on it now. */
  readonly now: DiskView;
  /** The least that a loss of power leaves. */
  readonly durable: DiskView;
  /** Loses what was not synced, or some of it: the first changes of a folder may have come to the disk, or a part of a file. */
  losePower(stream: Stream): void;
}

const STEP_MS = { min: 0.05, max: 0.6 };
const NOTHING = Buffer.alloc(0);

const createFolder = (): Folder => ({ entries: new Map(), synced: new Map(), changes: [] });
const isFolder = (entry: File | Folder | undefined): entry is Folder =>
  entry !== undefined && 'changes' in entry;

const failure = (code: string, what: string): Error => Object.assign(new Error(`${code}: ${what}`), { code });

const namesOf = (file: string): string[] => file.split(path.sep).filter((name) => name !== '');

const change = (folder: Folder, make: (entries: Entries) => void): void => {
  make(folder.entries);
  folder.changes.push(make);
};

const filesIn = (folder: Folder, entriesOf: (folder: Folder) => Entries, at = ''): [string, File][] =>
  [...entriesOf(folder)].flatMap(([name, entry]): [string, File][] =>
    isFolder(entry) ? filesIn(entry, entriesOf, `${at}/${name}`) : [[`${at}/${name}`, entry]],
  );

const createView = (
  root: Folder,
  entriesOf: (folder: Folder) => Entries,
  bytesOf: (file: File) => Buffer,
): DiskView => ({
  read: (file) => {
    const found = filesIn(root, entriesOf).find(([at]) => at === file);
    return found && bytesOf(found[1]);
  },
  files: () => filesIn(root, entriesOf).map(([at]) => at),
});

/** Leaves of a folder what it was synced with, and the first of the changes since then. */
const cutOff = (folder: Folder, stream: Stream): void => {
  const entries = new Map(folder.synced);
  for (const make of folder.changes.slice(0, stream.integer(0, folder.changes.length))) make(entries);
  Object.assign(folder, { entries, synced: new Map(entries), changes: [] });
  for (const entry of entries.values()) {
    if (isFolder(entry)) cutOff(entry, stream);
    else if (entry.bytes !== entry.synced) {
      const torn = entry.bytes.subarray(0, stream.integer(0, entry.bytes.length));
      entry.bytes = stream.pick([entry.bytes, torn, entry.synced]);
      entry.synced = entry.bytes;
    }
  }
};

/** Finds what stands under a path. */
const createLookup = (root: Folder) => {
  const find = (at: string): File | Folder => {
    let entry: File | Folder = root;
    for (const name of namesOf(at)) {
      const next: File | Folder | undefined = isFolder(entry) ? entry.entries.get(name) : undefined;
      if (!next) throw failure('ENOENT', at);
      entry = next;
    }
    return entry;
  };
  const folderAt = (at: string): Folder => {
    const entry = find(at);
    if (!isFolder(entry)) throw failure('ENOTDIR', at);
    return entry;
  };
  return { find, folderAt };
};

type Lookup = ReturnType<typeof createLookup>;
/** Is awaited before each step of what is asked; throws where it fails. */
type Step = (what: string) => Promise<void> | void;

const createWrites = (
  root: Folder,
  { find, folderAt }: Lookup,
  step: Step,
): Pick<FileSystem, 'mkdir' | 'writeFile' | 'rename' | 'rm'> => ({
  mkdir: async (at) => {
    let folder = root;
    for (const name of namesOf(at)) {
      let next = folder.entries.get(name);
      if (next === undefined) {
        await step(`makes the folder ${name}`);
        const made = createFolder();
        change(folder, (entries) => void entries.set(name, made));
        next = made;
      }
      if (!isFolder(next)) throw failure('EEXIST', at);
      folder = next;
    }
  },
  writeFile: async (at, bytes, { flush }) => {
    await step(`opens ${at}`);
    const folder = folderAt(path.dirname(at));
    const known = folder.entries.get(path.basename(at));
    const file = known && !isFolder(known) ? known : { bytes: NOTHING, synced: NOTHING };
    if (file !== known) change(folder, (entries) => void entries.set(path.basename(at), file));
    file.bytes = Buffer.from(bytes.subarray(0, bytes.length / 2));
    await step(`writes ${at}`);
    file.bytes = Buffer.from(bytes);
    // One that forgets to ask for it is a bug that is planted.
    if (!flush) return;
    await step(`syncs ${at}`);
    file.synced = file.bytes;
  },
  rename: async (from, to) => {
    await step(`renames ${from}`);
    const entry = find(from);
    if (path.dirname(from) !== path.dirname(to)) throw failure('EXDEV', to);
    change(folderAt(path.dirname(from)), (entries) => {
      entries.delete(path.basename(from));
      entries.set(path.basename(to), entry);
    });
  },
  rm: async (at) => {
    await step(`removes ${at}`);
    try {
      find(at);
    } catch {
      return;
    }
    change(folderAt(path.dirname(at)), (entries) => void entries.delete(path.basename(at)));
  },
});

const createFileSystem = (root: Folder, step: Step): FileSystem => {
  const lookup = createLookup(root);
  const { find, folderAt } = lookup;
  return {
    ...createWrites(root, lookup, step),
    readFile: async (at) => {
      await step(`reads ${at}`);
      const entry = find(at);
      if (isFolder(entry)) throw failure('EISDIR', at);
      return entry.bytes;
    },
    readdir: async (at) => {
      await step(`lists ${at}`);
      return filesIn(folderAt(at), ({ entries }) => entries).map(([file]) => file.slice(1));
    },
    open: async (at) => {
      await step(`opens ${at}`);
      const folder = folderAt(at);
      return {
        sync: async () => {
          await step(`syncs ${at}`);
          Object.assign(folder, { synced: new Map(folder.entries), changes: [] });
        },
        close: async () => undefined,
      };
    },
  };
};

export const createDisk = ({ time, streams, faultInjector, trace }: World): Disk => {
  const root = createFolder();
  const trips = streams('disk/trips');
  const chances = streams('disk/chances');
  return {
    of: (process) =>
      createFileSystem(root, async (what) => {
        if (process.isDead()) return never();
        await process.hear(time.sleep(trips.between(STEP_MS.min, STEP_MS.max)));
        trace(process.slot.id, what);
        if (faultInjector.hits('disk: no space left', chances, process.slot.id))
          throw failure('ENOSPC', `no space left on device, ${what}`);
      }),
    direct: createFileSystem(root, () => undefined),
    now: createView(
      root,
      ({ entries }) => entries,
      ({ bytes }) => bytes,
    ),
    durable: createView(
      root,
      ({ synced }) => synced,
      ({ synced }) => synced,
    ),
    losePower: (stream) => cutOff(root, stream),
  };
};
