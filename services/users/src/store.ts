import type { User } from '@order-pipeline/contracts';
import { findActions, insertOnce, type Inserted, type RawSql } from '@order-pipeline/service-kit';

export type UsersStore = ReturnType<typeof createUsersStore>;

export const createUsersStore = (sql: RawSql) => {
  const insertNew = (users: readonly User[]): Promise<User[]> => sql.$queryRaw<User[]>`
    INSERT INTO users (id, name, email)
    SELECT id, name, email
    FROM unnest(
      ${users.map(({ userId }) => userId)}::text[],
      ${users.map(({ name }) => name)}::text[],
      ${users.map(({ email }) => email)}::text[]
    ) AS asked (id, name, email)
    ON CONFLICT (id) DO NOTHING
    RETURNING id AS "userId", name, email`;

  const readByIds = (userIds: readonly string[]): Promise<User[]> => sql.$queryRaw<User[]>`
    SELECT id AS "userId", name, email FROM users WHERE id = ANY(${userIds}::text[])`;

  return {
    /** Stores a batch of users, each under its id where that is free; answers in the same order. */
    registerUsers: (users: readonly User[]): Promise<Inserted<User>[]> =>
      insertOnce(users, { idOf: ({ userId }) => userId, insert: insertNew, read: readByIds }),

    findUser: async (userId: string): Promise<User | undefined> => (await readByIds([userId]))[0],

    findActions: (search: Parameters<typeof findActions>[2]) => findActions(sql, 'users', search),

    /** Which of these ids are registered. */
    findExisting: async (userIds: readonly string[]): Promise<string[]> => {
      const found = await sql.$queryRaw<{ id: string }[]>`
        SELECT id FROM users WHERE id = ANY(${userIds}::text[])`;
      return found.map(({ id }) => id);
    },
  };
};
