import type { User } from '@order-pipeline/contracts';
import { usersApi } from '@order-pipeline/contracts';
import type { Batcher, Inserted, Route } from '@order-pipeline/service-kit';
import { created, ok, refuse, routesOf } from '@order-pipeline/service-kit';
import { decideRegistration } from './domain.ts';
import type { UsersStore } from './store.ts';

/** @param registrations gathers the registrations that arrive together into one statement */
export const createUsersRoutes = (store: UsersStore, registrations: Batcher<User, Inserted<User>>): Route[] =>
  routesOf(usersApi, {
    registerUser: async ({ body }, { logger }) => {
      const { userId } = body;
      const { stored, isNew } = await registrations.submit(body);
      const decision = decideRegistration(body, stored, isNew);
      if (decision === 'ID_TAKEN')
        return refuse('ID_TAKEN', `The user id ${userId} is taken by another user`);
      if (decision === 'REGISTERED') logger.info({ userId }, 'a user was registered');
      return created({ message: 'User registered successfully' as const, userId });
    },

    getUser: async ({ params: { userId } }) => {
      const user = await store.findUser(userId);
      return user ? ok(user) : refuse('USER_NOT_FOUND', `There is no user ${userId}`);
    },

    findUsers: async ({ body }) => ok({ userIds: await store.findExisting(body.userIds) }),
  });
