/** The kinds of request that a fault can be put on. */
export const APIS = [
  'produce',
  'fetch',
  'metadata',
  'offsets',
  'commit',
  'join',
  'sync',
  'heartbeat',
  'leave',
  'admin',
  'transaction',
  'authentication',
] as const;

export type Api = (typeof APIS)[number];
