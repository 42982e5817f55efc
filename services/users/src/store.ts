import type { User, UserRecord } from '@order-pipeline/contracts';
import {
  actionRows,
  findActions,
  insertOnce,
  type ActionRecord,
  type DatabaseOf,
  type Inserted,
} from '@order-pipeline/service-kit';
import type { PrismaClient } from './generated/client.ts';

export type UsersStore = ReturnType<typeof createUsersStore>;

export const createUsersStore = (sql: DatabaseOf<PrismaClient>) => {
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

    /** All that is stored about a user; of one who was erased there is neither a name nor an e-mail address. */
    findUser: async (userId: string): Promise<UserRecord | undefined> => {
      const row = await sql.models().user.findUnique({
        where: { id: userId },
        select: { name: true, email: true, createdAt: true, erasedAt: true },
      });
      if (!row) return undefined;
      const { name, email, createdAt, erasedAt } = row;
      return {
        userId,
        ...(erasedAt === null ? { name, email } : { erasedAt: erasedAt.toISOString() }),
        registeredAt: createdAt.toISOString(),
      };
    },

    /**
     * Erases a user who was not erased before, and records who did it.
     *
     * @param at ISO 8601
     */
    eraseUser: (userId: string, at: string, records: readonly ActionRecord[]): Promise<number> =>
      sql.$executeRaw`
        WITH erased AS (
          UPDATE users SET name = '', email = '', erased_at = ${at}::timestamptz
          WHERE id = ${userId} AND erased_at IS NULL RETURNING id
        )
        INSERT INTO operator_actions
        SELECT record.* FROM ${actionRows(records)} AS record JOIN erased ON erased.id = record.target`,

    findActions: (search: Parameters<typeof findActions>[2]) => findActions(sql, 'users', search),

    /** Which of these ids are registered, by users who were not erased. */
    findExisting: async (userIds: readonly string[]): Promise<string[]> => {
      const found = await sql.$queryRaw<{ id: string }[]>`
        SELECT id FROM users WHERE id = ANY(${userIds}::text[]) AND erased_at IS NULL`;
      return found.map(({ id }) => id);
    },
  };
};
