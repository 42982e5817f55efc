import type { User } from '@order-pipeline/contracts';
import { ownerFor, REASON_HEADER, serviceActionsApi, usersApi } from '@order-pipeline/contracts';
import type { Batcher, Inserted, Route, Runtime } from '@order-pipeline/service-kit';
import { created, ok, recordsOf, refuse, routesOf, timeOfDay } from '@order-pipeline/service-kit';
import { decideRegistration } from './domain.ts';
import type { UsersStore } from './store.ts';

export interface UsersParts {
  readonly store: UsersStore;
  /** Gathers the registrations that arrive together into one statement. */
  readonly registrations: Batcher<User, Inserted<User>>;
  readonly runtime: Pick<Runtime, 'wallClock' | 'hex'>;
}

const userNotFound = (userId: string) => refuse('USER_NOT_FOUND', `There is no user ${userId}`);

/** What clients ask. */
const createClientRoutes = ({ store, registrations, runtime }: UsersParts): Route[] =>
  routesOf(
    {
      registerUser: usersApi.registerUser,
      getUser: usersApi.getUser,
      eraseUser: usersApi.eraseUser,
    } as const,
    {
      registerUser: async ({ body }, { logger, actor }) => {
        const { userId } = body;
        const owner = ownerFor(usersApi.registerUser.access, actor);
        if (owner !== undefined && userId !== owner)
          return refuse('FORBIDDEN', 'To register somebody else takes the scope users:write.any');
        const { stored, isNew } = await registrations.submit(body);
        const decision = decideRegistration(body, stored, isNew);
        if (decision === 'ID_TAKEN')
          return refuse('ID_TAKEN', `The user id ${userId} is taken by another user`);
        if (decision === 'REGISTERED') logger.info({ userId }, 'user registered');
        return created({ message: 'User registered successfully' as const, userId });
      },

      getUser: async ({ params: { userId } }, { actor }) => {
        const owner = ownerFor(usersApi.getUser.access, actor);
        const isShown = owner === undefined || userId === owner;
        const found = isShown ? await store.findUser(userId) : undefined;
        if (!found) return userNotFound(userId);
        const { registeredAt: _, ...user } = found;
        return ok(user);
      },

      eraseUser: async ({ params: { userId }, headers }, call) => {
        const owner = ownerFor(usersApi.eraseUser.access, call.actor);
        if (owner !== undefined && userId !== owner) return userNotFound(userId);
        const reason = headers?.[REASON_HEADER];
        // Also where access control is off: when somebody was erased has to be known.
        const named = call.actor.name;
        const records = recordsOf(call, { action: 'ERASE_USER', targets: [userId], reason, named }, runtime);
        const erased = await store.eraseUser(userId, timeOfDay(runtime), records);
        if (erased > 0) call.logger.info({ userId }, 'a user was erased');
        const erasedAt = (await store.findUser(userId))?.erasedAt;
        if (erasedAt === undefined) return userNotFound(userId);
        return ok({ message: 'User erased' as const, userId, erasedAt });
      },
    },
  );

/** What other services ask. */
const createServiceRoutes = ({ store }: UsersParts): Route[] =>
  routesOf(
    {
      findUsers: usersApi.findUsers,
      readUserRecord: usersApi.readUserRecord,
      findUsersActions: serviceActionsApi.findUsersActions,
    } as const,
    {
      findUsers: async ({ body }) => ok({ userIds: await store.findExisting(body.userIds) }),

      readUserRecord: async ({ body: { userId } }) => {
        const user = await store.findUser(userId);
        return user ? ok(user) : userNotFound(userId);
      },

      findUsersActions: async ({ body }) => ok({ actions: await store.findActions(body) }),
    },
  );

export const createUsersRoutes = (parts: UsersParts): Route[] => [
  ...createClientRoutes(parts),
  ...createServiceRoutes(parts),
];
