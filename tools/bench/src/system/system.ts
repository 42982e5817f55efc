import type { DatabaseName } from '@order-pipeline/contracts';

/** A running order pipeline that is measured. */
export interface System {
  /** Where its gateway is. */
  readonly url: string;
  /** The databases of its services. */
  readonly databases: Readonly<Record<DatabaseName, string>>;
  /** Creates a database beside those of the services, on the same server; answers its URL. */
  createDatabase(name: string): Promise<string>;
}
