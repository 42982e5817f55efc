import type { Mutant } from './mutant.ts';

/** Bugs that let somebody in, or to what is not theirs. */
export const ACCESS_MUTANTS: readonly Mutant[] = [
  {
    name: 'access: owner not compared when cancelling',
    bug: 'any token cancels the order of another user',
    edits: [
      {
        file: 'services/orders/src/store/transitions.ts',
        find: '${owner === undefined ? Prisma.empty : Prisma.sql`AND user_id = ${owner}`}',
        replace: '',
      },
    ],
  },
  {
    name: 'access: owner not compared when reading',
    bug: 'any token reads the order of another user',
    edits: [
      {
        file: 'services/orders/src/routes.ts',
        find: '  owner === undefined || row?.userId === owner;',
        replace: '  owner === undefined || row !== undefined;',
      },
    ],
  },
  {
    name: 'access: open without keys',
    bug: 'while the keys of the issuer cannot be had, everybody gets in',
    edits: [
      {
        file: 'services/api-gateway/src/access/guard.ts',
        find: '      return error;\n    });',
        replace: "      return error.code === 'UNAVAILABLE' ? ANYBODY : error;\n    });",
      },
    ],
  },
  {
    name: 'access: remembered beyond its end',
    bug: 'a token that was verified once is taken after it has expired',
    edits: [
      {
        file: 'services/api-gateway/src/access/tokens.ts',
        find: 'return found && now() < found.expiresMs ? found.actor : undefined;',
        replace: 'return found?.actor;',
      },
    ],
  },
];
