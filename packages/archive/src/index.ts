export {
  archiveOrders,
  runArchive,
  type ArchiveOptions,
  type ArchivePorts,
  type ArchiveReport,
  type ArchiveTask,
} from './archive-orders.ts';
export { ArchiveError } from './archive-error.ts';
export type { FileSystem } from './file-system.ts';
export { openFolder, sha256Of, type Folder } from './folder.ts';
export { decodeOrders, type FiledOrder } from './filed-order.ts';
