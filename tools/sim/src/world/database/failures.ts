/** An error as the driver hands it over when the server refuses a statement. */
const serverError = (code: string, message: string, severity = 'ERROR'): Error =>
  Object.assign(new Error(message), { code, severity });

/** Errors as `pg` throws them. */
export const failures = {
  refused: (): Error =>
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), {
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: '127.0.0.1',
      port: 5432,
    }),
  lost: (): Error => new Error('Connection terminated unexpectedly'),
  broken: (): Error => new Error('Client has encountered a connection error and is not queryable'),
  noConnection: (): Error => new Error('timeout exceeded when trying to connect'),
  serialization: (): Error => serverError('40001', 'could not serialize access due to concurrent update'),
  deadlock: (): Error => serverError('40P01', 'deadlock detected'),
  lockTimeout: (): Error => serverError('55P03', 'canceling statement due to lock timeout'),
  timeout: (): Error => serverError('57014', 'canceling statement due to statement timeout'),
  /** @param what such as `INSERT` */
  readOnly: (what: string): Error =>
    serverError('25006', `cannot execute ${what} in a read-only transaction`),
  diskFull: (): Error =>
    serverError('53100', 'could not extend file "base/16384/16385": No space left on device'),
  tooManyConnections: (): Error => serverError('53300', 'sorry, too many clients already', 'FATAL'),
} as const;
