/** What an archive uses of `node:fs/promises`, so that a simulation can put a disk of its own there. */
export interface FileSystem {
  /** Makes a folder with all that it lies in. */
  mkdir(path: string, options: { readonly recursive: true }): Promise<unknown>;
  /** Writes a whole file, and with `flush` syncs it. */
  writeFile(path: string, bytes: Uint8Array, options: { readonly flush: true }): Promise<void>;
  /** Throws ENOENT where there is no such file. */
  readFile(path: string): Promise<Buffer>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file that may be there. */
  rm(path: string, options: { readonly force: true }): Promise<void>;
  /** The paths of all that lies in a folder, relative to it, in no order. Throws ENOENT where there is no such folder. */
  readdir(path: string, options: { readonly recursive: true }): Promise<string[]>;
  /** Opens a folder, to sync what it says of its files. */
  open(path: string): Promise<{ sync(): Promise<void>; close(): Promise<void> }>;
}
