import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Reach } from './points.ts';

const EXTENSION = '.parquet';
/** What programs that read `*.parquet` do not find. */
const TEMPORARY = '.tmp';

/** SHA-256, in hexadecimal. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The folder of an archive. Files are named by their path in it, with `/`. */
export interface Folder {
  /** Writes a file that is not there yet: it has its name once all of it is on the disk. */
  write(file: string, bytes: Uint8Array, reach: Reach): Promise<void>;
  /** Nothing where there is no such file. */
  read(file: string): Promise<Buffer | undefined>;
  /** Removes a file that may be there, under its name or its temporary one. */
  remove(file: string): Promise<void>;
  /** The files of the archive; in no order. */
  list(): Promise<string[]>;
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** What a folder says of its files is on the disk only when it was synced itself. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const writeSynced = async (target: string, bytes: Uint8Array): Promise<void> => {
  const handle = await open(target, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** @param root the folder; it is made where it is missing */
export const openFolder = (root: string): Folder => {
  const pathOf = (file: string): string => path.join(root, ...file.split('/'));
  /** The folders that a file is in, the innermost first. */
  const foldersOf = (file: string): string[] => {
    const parts = file.split('/').slice(0, -1);
    return [...parts.map((_, index) => path.join(root, ...parts.slice(0, parts.length - index))), root];
  };
  return {
    write: async (file, bytes, reach) => {
      const target = pathOf(file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeSynced(target + TEMPORARY, bytes);
      await reach('afterWrite');
      await rename(target + TEMPORARY, target);
      for (const folder of foldersOf(file)) await syncFolder(folder);
    },
    read: async (file) => {
      try {
        return await readFile(pathOf(file));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    remove: async (file) => {
      await rm(pathOf(file) + TEMPORARY, { force: true });
      await rm(pathOf(file), { force: true });
    },
    list: async () => {
      const entries = await readdir(root, { recursive: true });
      return entries
        .filter((entry) => entry.endsWith(EXTENSION))
        .map((entry) => entry.split(path.sep).join('/'));
    },
  };
};

/**
 * The path of a new file, as programs that know Hive's folders read it.
 *
 * @param month in which its orders were placed, as `2026-03`
 * @param day on which it is written, as `2026-11-28`
 */
export const newFile = (month: string, day: string, id: string): string => {
  const [year = '', number = ''] = month.split('-');
  return `year=${year}/month=${number}/${day}-${id}${EXTENSION}`;
};
