/** Every service, in the order in which one process starts them: what is depended on comes first. */
export const SERVICE_NAMES = [
  'users',
  'inventory',
  'orders',
  'workflow',
  'shipping',
  'delivery',
  'orders-facade',
  'api-gateway',
] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The services that own a database; the database has the service's name. */
export const DATABASE_NAMES = ['users', 'inventory', 'orders'] as const satisfies readonly ServiceName[];

export type DatabaseName = (typeof DATABASE_NAMES)[number];

/** The same for each database, by its name. */
export const perDatabase = <T>(make: (name: DatabaseName) => T): Readonly<Record<DatabaseName, T>> =>
  Object.fromEntries(DATABASE_NAMES.map((name) => [name, make(name)])) as Record<DatabaseName, T>;
