/** Every place where a test can stop or kill a process because a crash would hurt there, with what has happened before it and what has not. */
export const FAILPOINTS = {
  'orders.afterReserveBeforeStore': 'stock is reserved, the order is not stored',
  'orders.afterStoreBeforeAnswer': 'the order is stored, the client has no answer',
  'orders.afterCancelBeforeRelease': 'the order is cancelled, its stock is still reserved',
  'orders.afterReleaseBeforeRecord': 'the stock of a cancelled order is back, which is not recorded yet',
  'orders.afterPublishBeforeOutboxDelete': 'events are published, their outbox rows still stand',
  'orders.afterFenceBeforeVerdict': 'a reservation is fenced, its verdict is not given yet',
  'orders.afterRedriveBeforePublish': 'a dead letter is to be redriven, it is not published',
  'orders.afterRedrivePublishBeforeRecord': 'a redriven message is published, which is not recorded yet',
  'inventory.afterReserveBeforeAnswer': 'stock is reserved, the orders service has no answer',
  'inventory.afterVerdictBeforeApply': 'the verdict on reservations is known, nothing is done with it yet',
  'inventory.afterConsumeBeforeCommit': 'the stock has left, the offset of ORDER_SHIPPED is not committed',
  'worker.afterMoveBeforePublish': 'orders have changed their status, their events are not published',
  'worker.afterPublishBeforeCommit': 'events are published, the offsets that caused them are not committed',
  'consumer.afterDeadLetterBeforeCommit':
    'a message is in the dead-letter queue, its offset is not committed',
  'archive.afterAnnounceBeforeWrite': 'a file of the archive is announced, nothing of it is written',
  'archive.afterWriteBeforeRename': 'a file of the archive is written under its temporary name',
  'archive.afterRenameBeforeRemove':
    'a file of the archive stands under its name, its orders are still in the database',
  'archive.afterRemoveBeforeReservations': 'the orders of a file are removed, their reservations still stand',
  'archive.afterReservationsBeforeRecord':
    'the reservations of a file are removed, which is not recorded yet',
  'archive.afterTakeBackBeforeRemove': 'a file of the archive is taken back, and still stands in the folder',
} as const;

export type Failpoint = keyof typeof FAILPOINTS;
