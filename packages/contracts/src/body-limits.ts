/**
 * The largest bodies that are read, in bytes. Each is what the largest right body of its kind needs, and none is so large
 * that reading it could hold up others.
 */
export const BODY_LIMIT_BYTES = {
  /** A body that says nothing. */
  none: 1_024,
  /** A few short fields. */
  small: 1_024,
  /** A few texts. */
  record: 4_096,
  /** Texts and a filter of texts, each character escaped. */
  form: 16_384,
  /** 100 lines. */
  order: 65_536,
  /** What services ask one another: 1,000 ids or reservations, or many calls. */
  batch: 262_144,
} as const;
