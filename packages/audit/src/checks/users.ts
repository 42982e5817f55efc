import type { Reader } from '../database.ts';
import { checkOf, createFindings, type Check } from '../report.ts';
import type { AuditContext } from './context.ts';
import { storedTwice } from './stored-twice.ts';

const missingUsers = async (users: Reader, userIds: readonly string[]): Promise<string[]> => {
  const found = await users.rows<{ id: string }>('SELECT id FROM users WHERE id = ANY($1::text[])', [
    userIds,
  ]);
  const known = new Set(found.map(({ id }) => id));
  return userIds.filter((userId) => !known.has(userId));
};

/**
 * The user of every order exists. A user is there before an order of theirs is, and is never removed; so whoever is named
 * by an order that was read is found when users are read after it.
 */
export const checkUsers = async (
  orders: Reader,
  users: Reader,
  { exampleCount }: AuditContext,
): Promise<Check> => {
  const findings = createFindings(exampleCount);
  let checked = 0;
  for await (const page of orders.pages<{ userId: string }>(
    'SELECT DISTINCT user_id AS "userId" FROM orders',
  )) {
    const userIds = page.map(({ userId }) => userId);
    checked += userIds.length;
    for (const userId of await missingUsers(users, userIds)) {
      const [order] = await orders.rows<{ id: string }>(
        'SELECT id FROM orders WHERE user_id = $1 ORDER BY seq LIMIT 1',
        [userId],
      );
      findings.add('the user of an order does not exist', { id: order?.id ?? '', detail: `user ${userId}` });
    }
  }
  const twice = await users.violations(storedTwice('users', 'a user'), [], exampleCount);
  return checkOf('users', {
    checked,
    unit: 'users with orders',
    violations: [...findings.list(), ...twice],
  });
};
