export { archiveOrders, type ArchiveOptions, type ArchiveReport } from './archive-orders.ts';
export { ArchiveError } from './archive-error.ts';
export { ARCHIVE_POINTS, type ArchivePoint } from './points.ts';
export { openFolder, sha256Of, type Folder } from './folder.ts';
export { decodeOrders, type FiledOrder } from './filed-order.ts';
