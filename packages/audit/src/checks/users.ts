import type { Reader } from '../database.ts';
import { checkOf, createFindings, type Check } from '../report.ts';
import type { AuditContext } from './context.ts';
import { findStoredTwice } from './repeats.ts';

const missingUsers = async (users: Reader, userIds: readonly string[]): Promise<string[]> => {
  const found = await users.rows<{ id: string }>('SELECT id FROM users WHERE id = ANY($1::text[])', [
    userIds,
  ]);
  const known = new Set(found.map(({ id }) => id));
  return userIds.filter((userId) => !known.has(userId));
};

/** As many users as are looked for at once. */
const MOST_USERS = 1_000;

/** The next users with orders, each found by one look into the index of their orders. */
const NEXT_USERS = `
  WITH RECURSIVE next AS (
    (SELECT user_id FROM orders WHERE $1::text IS NULL OR user_id > $1::text ORDER BY user_id LIMIT 1)
    UNION ALL
    SELECT (SELECT orders.user_id FROM orders WHERE orders.user_id > next.user_id ORDER BY orders.user_id LIMIT 1)
    FROM next WHERE next.user_id IS NOT NULL
  )
  SELECT user_id AS "userId" FROM next WHERE user_id IS NOT NULL LIMIT ${MOST_USERS}`;

const usersOf = async function* (orders: Reader): AsyncGenerator<string[]> {
  for (let after: string | undefined; ;) {
    const rows = await orders.rows<{ userId: string }>(NEXT_USERS, [after ?? null]);
    if (rows.length === 0) return;
    yield rows.map(({ userId }) => userId);
    after = rows.at(-1)?.userId;
  }
};

/**
 * The user of every order exists. A user is there before an order of theirs is, and is never removed; so a user who is named
 * by an order that was read is found when users are read after it.
 */
export const checkUsers = async (
  orders: Reader,
  users: Reader,
  { exampleCount }: AuditContext,
): Promise<Check> => {
  const findings = createFindings(exampleCount);
  let checked = 0;
  for await (const userIds of usersOf(orders)) {
    checked += userIds.length;
    for (const userId of await missingUsers(users, userIds)) {
      const [order] = await orders.rows<{ id: string }>('SELECT id FROM orders WHERE user_id = $1 LIMIT 1', [
        userId,
      ]);
      findings.add('the user of an order does not exist', { id: order?.id ?? '', detail: `user ${userId}` });
    }
  }
  return checkOf('users', {
    checked,
    unit: 'users with orders',
    violations: [...findings.list(), ...(await findStoredTwice(users, 'users', 'a user', exampleCount))],
  });
};
