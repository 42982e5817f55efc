import { serviceActionsApi } from './actions-api.ts';
import type { Access, ForeignAnswer } from './access.ts';
import { exportPartsApi } from './export-api.ts';
import { orderLifecycleApi } from './order-lifecycle-api.ts';
import { reservationsApi } from './inventory-api.ts';
import type { Operation } from './operation.ts';
import { overviewPartsApi, servicesApi } from './overview-api.ts';
import { EMBEDDED_OPERATIONS, GATEWAY_OPERATIONS } from './public-operations.ts';
import { usersApi } from './users-api.ts';

const HEAD = `# Access

Written by \`npx -y pnpm access-table\` from the \`access\` of every operation in \`packages/contracts\`; do not edit it.

The gateway proves who asks, and refuses what the caller's scopes do not allow. The service that owns the row decides whose it is.
Where access control is off, everybody has every scope. \`OPERATOR_TOKEN\` gives \`ops:read\` and \`ops:write\`.
`;

const code = (text: string): string => `\`${text}\``;

const FOREIGN: Readonly<Record<ForeignAnswer, string>> = {
  FORBIDDEN: '403 `FORBIDDEN`',
  NOT_FOUND: '404, as if it were not there',
  NARROWED: 'left out of the list',
};

const fieldsSentence = (fields: Readonly<Record<string, readonly string[]>> = {}): string =>
  Object.entries(fields)
    .map(([field, scopes]) => `; ${code(field)} only with ${scopes.map(code).join(' or ')}`)
    .join('');

/** The columns of a row: a user for what is their own, who may ask for any, what is answered for somebody else's. */
const columnsOf = (access: Access): readonly [string, string, string] => {
  switch (access.kind) {
    case 'own':
      return [
        access.scope === undefined ? 'yes' : code(access.scope),
        code(access.any),
        FOREIGN[access.foreign],
      ];
    case 'scope':
      return ['no', code(access.scope), '403 `FORBIDDEN`'];
    case 'authenticated':
      return [`any valid token${fieldsSentence(access.fields)}`, 'the same', '–'];
    case 'services':
      return ['no', access.callers.join(', '), 'not reached from outside'];
  }
};

const rowOf = (operation: Operation): string => {
  const [own, any, foreign] = columnsOf(operation.access);
  return `| ${code(`${operation.method} ${operation.path}`)} | ${own} | ${any} | ${foreign} |`;
};

const table = (title: string, columns: string, operations: readonly Operation[]): string =>
  [`## ${title}`, '', columns, '| --- | --- | --- | --- |', ...operations.map(rowOf), ''].join('\n');

const INTERNAL = Object.values<Operation>({
  ...usersApi,
  ...reservationsApi,
  ...orderLifecycleApi,
  ...serviceActionsApi,
  ...exportPartsApi,
  ...overviewPartsApi,
  ...servicesApi,
}).filter(({ access }) => access.kind === 'services');

/** docs/access.md: who may ask what, as Markdown. */
export const accessPage = (): string =>
  [
    HEAD,
    table(
      'Clients and operators',
      "| operation | a user, own | scope for any | somebody else's |",
      Object.values(GATEWAY_OPERATIONS),
    ),
    table(
      'Where everything is embedded in one process, and nowhere else',
      '| operation | a user | scope | without it |',
      Object.values(EMBEDDED_OPERATIONS),
    ),
    table('Between services', '| operation | clients | services | from outside |', INTERNAL),
  ].join('\n');
