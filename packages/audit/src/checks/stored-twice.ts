/**
 * SQL: the ids under which a table has more than one row, as it can once its index is broken: the libraries of the
 * operating system may sort text another way after an upgrade, and PostgreSQL then looks for an id in the wrong place.
 * By bytes, so that the broken index itself is not what the rows are read by.
 *
 * @param what `an item`
 */
export const storedTwice = (table: string, what: string): string => `
  SELECT '${what} is stored twice', id COLLATE "C", format('%s rows', count(*))
  FROM ${table} GROUP BY id COLLATE "C" HAVING count(*) > 1`;
