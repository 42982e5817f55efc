import type { User } from '@order-pipeline/contracts';
import { ownerFor, serviceActionsApi, usersApi } from '@order-pipeline/contracts';
import type { Batcher, Inserted, Route } from '@order-pipeline/service-kit';
import { created, ok, refuse, routesOf } from '@order-pipeline/service-kit';
import { decideRegistration } from './domain.ts';
import type { UsersStore } from './store.ts';

const usersActions = { findUsersActions: serviceActionsApi.findUsersActions } as const;

/** @param registrations gathers the registrations that arrive together into one statement */
export const createUsersRoutes = (store: UsersStore, registrations: Batcher<User, Inserted<User>>): Route[] =>
  routesOf(
    { ...usersApi, ...usersActions },
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
        const user = isShown ? await store.findUser(userId) : undefined;
        return user ? ok(user) : refuse('USER_NOT_FOUND', `There is no user ${userId}`);
      },

      findUsersActions: async ({ body }) => ok({ actions: await store.findActions(body) }),

      findUsers: async ({ body }) => ok({ userIds: await store.findExisting(body.userIds) }),
    },
  );
