/** Every place where a crash would hurt, with what has happened before it and what has not. */
export const CRASH_POINTS = {
  'orders.afterReserveBeforeStore': 'stock is reserved, the order is not stored',
  'orders.afterStoreBeforeAnswer': 'the order is stored, the client has no answer',
  'orders.afterCancelBeforeRelease': 'the order is cancelled, its stock is still reserved',
  'orders.afterReleaseBeforeRecord': 'the stock of a cancelled order is back, which is not recorded yet',
  'orders.afterPublishBeforeOutboxDelete': 'events are published, their outbox rows still stand',
  'orders.afterBarBeforeSettle': 'a reservation is barred, its truth is not told yet',
  'orders.afterRedriveBeforePublish': 'a dead letter is to be redriven, it is not published',
  'orders.afterRedrivePublishBeforeRecord': 'a redriven message is published, which is not recorded yet',
  'inventory.afterReserveBeforeAnswer': 'stock is reserved, the orders service has no answer',
  'inventory.afterSettleBeforeApply': 'the truth about reservations is known, nothing is done with it yet',
  'inventory.afterConsumeBeforeCommit': 'the stock has left, the offset of ORDER_SHIPPED is not committed',
  'worker.afterMoveBeforePublish': 'orders have moved on, their events are not published',
  'worker.afterPublishBeforeCommit': 'events are published, the offsets that caused them are not committed',
  'consumer.afterDeadLetterBeforeCommit': 'a message is in the dead letters, its offset is not committed',
} as const;

export type CrashPoint = keyof typeof CRASH_POINTS;
