/** Every place where a test can stop or kill an archive because a crash would hurt there, with what has happened before it. */
export const ARCHIVE_POINTS = {
  afterAnnouncement: 'a file is announced, nothing of it is written',
  afterWrite: 'a file is written under its temporary name',
  afterRename: 'a file stands under its name, its orders are still in the database',
  afterRemoval: 'the orders of a file are removed, their reservations still stand',
  afterReservations: 'the reservations of a file are removed, which is not recorded yet',
} as const;

export type ArchivePoint = keyof typeof ARCHIVE_POINTS;

/** A no-op in production; in a test, a place to stop. */
export type Reach = (point: ArchivePoint) => Promise<void> | void;
