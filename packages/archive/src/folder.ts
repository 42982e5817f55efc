import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Runtime } from '@order-pipeline/service-kit';
import type { FileSystem } from './file-system.ts';

const EXTENSION = '.parquet';
/** What programs that read `*.parquet` do not find. */
const TEMPORARY = '.tmp';

/** SHA-256, in hexadecimal. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The folder of an archive. Files are named by their path in it, with `/`. */
export interface Folder {
  /** Writes a file that is not there yet: it has its name once all of it is on the disk. */
  write(file: string, bytes: Uint8Array, runtime: Pick<Runtime, 'failpoint'>): Promise<void>;
  /** Nothing where there is no such file. */
  read(file: string): Promise<Buffer | undefined>;
  /** Removes a file that may be there, under its name or its temporary one, for good. */
  remove(file: string): Promise<void>;
  /** The files of the archive, in no order; none where there is no such folder. */
  list(): Promise<string[]>;
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';
const isForbidden = (error: unknown): boolean => codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM';

/** What a folder says of its files is on the disk only when it was synced itself. */
const syncFolder = async (disk: FileSystem, folder: string): Promise<void> => {
  const handle = await disk.open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** The folders that a folder lies in, the innermost first. */
const above = (folder: string): string[] => {
  const parent = path.dirname(folder);
  return parent === folder ? [] : [parent, ...above(parent)];
};

/** What the folder itself lies in: another run may have made it and died. One that may not be read was not made by us. */
const syncAbove = async (disk: FileSystem, root: string): Promise<void> => {
  for (const folder of above(root)) {
    await syncFolder(disk, folder).catch((error: unknown) => {
      if (!isForbidden(error)) throw error;
    });
  }
};

/**
 * @param dir the folder; it is made where it is missing
 * @param disk where it is; by default that of this machine
 */
export const openFolder = (dir: string, disk: FileSystem = fs): Folder => {
  const root = path.resolve(dir);
  const pathOf = (file: string): string => path.join(root, ...file.split('/'));
  /** The folders that a file is in, the innermost first. */
  const foldersOf = (file: string): string[] => {
    const parts = file.split('/').slice(0, -1);
    return [...parts.map((_, index) => path.join(root, ...parts.slice(0, parts.length - index))), root];
  };
  return {
    write: async (file, bytes, { failpoint }) => {
      const target = pathOf(file);
      await disk.mkdir(path.dirname(target), { recursive: true });
      await disk.writeFile(target + TEMPORARY, bytes, { flush: true });
      await failpoint('archive.afterWriteBeforeRename');
      await disk.rename(target + TEMPORARY, target);
      for (const folder of foldersOf(file)) await syncFolder(disk, folder);
      await syncAbove(disk, root);
    },
    read: async (file) => {
      try {
        return await disk.readFile(pathOf(file));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    remove: async (file) => {
      const target = pathOf(file);
      await disk.rm(target + TEMPORARY, { force: true });
      await disk.rm(target, { force: true });
      await syncFolder(disk, path.dirname(target)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
    list: async () => {
      const entries = await disk.readdir(root, { recursive: true }).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      });
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
