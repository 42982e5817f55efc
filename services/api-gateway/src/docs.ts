import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import {
  DECLARED_OPERATIONS,
  ErrorBody,
  isForOperators,
  type Access,
  type Operation,
} from '@order-pipeline/contracts';
import type { FastifyInstance, FastifyReply } from 'fastify';

const API_VERSION = '1.0.0';

const DESCRIPTION = `Users, inventory and orders, from PENDING over PROCESSING and SHIPPED to DELIVERED.

Creating is idempotent by the id that the client chooses: the same body again is answered as the first time, another body
under the id is refused with 409. Restocking is repeatable under an \`Idempotency-Key\`. Cancelling again is refused with 400 and
\`Current status: CANCELLED\`: the cancellation stands. Bodies are JSON in UTF-8; each operation says at 413 how many bytes it
reads. \`GET /api/orders/{orderId}\` may wait: with \`until\` and \`Prefer: wait=30\` it answers once the order is in that status.
Lists are newest first; their next page is in the \`Link\` header. Every answer has the
\`x-request-id\` of its request.`;

/** The page loads nothing from elsewhere, and may not. Styles are set by the script of the page itself. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** How this start knows who asks. */
export interface DocumentedAccess {
  /** Whose tokens are taken; undefined: nobody's, and everybody may ask everything. */
  readonly issuer: 'remote' | 'development' | undefined;
  readonly hasOperatorToken: boolean;
}

type Requirement = Record<string, string[]>;

const requirementsOf = (access: Access): Requirement[] => {
  switch (access.kind) {
    case 'own':
      return [
        { accessToken: access.scope === undefined ? [] : [access.scope] },
        { accessToken: [access.any] },
      ];
    case 'scope':
      return [{ accessToken: [access.scope] }];
    case 'authenticated':
    case 'services':
      return [{ accessToken: [] }];
  }
};

/** What this very start asks of those who ask the operation. */
const securityOf = (operation: Operation, { issuer, hasOperatorToken }: DocumentedAccess): Requirement[] => [
  ...(issuer ? requirementsOf(operation.access) : []),
  ...(hasOperatorToken && isForOperators(operation) ? [{ operatorToken: [] }] : []),
];

const HOW_TO_GET_ONE = {
  remote: 'An access token of the issuer; what it takes is named as its scopes',
  development:
    'An access token of the development issuer, as `npx -y pnpm -s orders token --user alice` prints it; what it takes is named as its scopes',
} as const;

const accessTokenScheme = (issuer: keyof typeof HOW_TO_GET_ONE) =>
  ({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: HOW_TO_GET_ONE[issuer] }) as const;

const OPERATOR_TOKEN_SCHEME = {
  type: 'http',
  scheme: 'bearer',
  description: 'OPERATOR_TOKEN of the gateway',
} as const;

const schemesOf = ({ issuer, hasOperatorToken }: DocumentedAccess) => ({
  ...(issuer ? { accessToken: accessTokenScheme(issuer) } : {}),
  ...(hasOperatorToken ? { operatorToken: OPERATOR_TOKEN_SCHEME } : {}),
});

interface Responses {
  operationId?: string;
  security?: Requirement[];
  readonly responses: Record<
    string,
    {
      description?: string;
      content?: Record<string, { schema?: object; examples?: Record<string, unknown> }>;
    }
  >;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Responses>>>>;

const operationsIn = (paths: Paths): Responses[] =>
  Object.values(paths).flatMap((methods) => Object.values(methods));

/** Says of each operation what is asked; where nobody is asked anything, it is not said that somebody could be refused for it. */
const nameSecurity = (paths: Paths, access: DocumentedAccess): void => {
  for (const documented of operationsIn(paths)) {
    const operation = DECLARED_OPERATIONS[documented.operationId ?? ''];
    if (!operation) continue;
    const security = securityOf(operation, access);
    if (security.length > 0) documented.security = security;
    else delete documented.responses['401'];
    if (security.length > 0 || isForOperators(operation)) continue;
    const forbidden = documented.responses['403'];
    delete forbidden?.content?.['application/json']?.examples?.['FORBIDDEN'];
    if (forbidden?.description) forbidden.description = forbidden.description.replace(/^FORBIDDEN or /, '');
  }
};

/** Every error has one shape: it is described once, under a name that client generators can use. */
const nameErrors = (paths: Paths): void => {
  const operations = operationsIn(paths);
  for (const [status, { content }] of operations.flatMap(({ responses }) => Object.entries(responses))) {
    const json = content?.['application/json'];
    if (Number(status) >= 400 && json) json.schema = { $ref: '#/components/schemas/Error' };
  }
};

/** Makes what answers the document. It is written once: otherwise frequent requests would have it written each time. */
const createSendDocument = (server: FastifyInstance): ((reply: FastifyReply) => FastifyReply) => {
  let text: string | undefined;
  return (reply) => {
    text ??= JSON.stringify(server.swagger());
    return reply.type('application/json; charset=utf-8').send(text);
  };
};

/** Adds the OpenAPI document of the routes that follow, at `/openapi.json`, and a page to browse it at `/docs`. */
export const addDocs = async (server: FastifyInstance, access: DocumentedAccess): Promise<void> => {
  const sendDocument = createSendDocument(server);
  await server.register(swagger, {
    convertConstToEnum: false,
    transformObject: (made) => {
      const document = 'openapiObject' in made ? made.openapiObject : {};
      const paths = (document.paths ?? {}) as Paths;
      nameErrors(paths);
      nameSecurity(paths, access);
      return document;
    },
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Order pipeline', version: API_VERSION, description: DESCRIPTION },
      servers: [{ url: '/', description: 'This gateway' }],
      components: {
        schemas: { Error: ErrorBody as object },
        securitySchemes: schemesOf(access),
      },
      tags: [
        { name: 'users', description: 'Registers and reads users' },
        { name: 'inventory', description: 'Items and their stock' },
        { name: 'orders', description: 'Places, follows and cancels orders' },
        {
          name: 'operators',
          description: 'Dead letters, stuck orders and what operators did; not for clients',
        },
      ],
    },
  });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    theme: { title: 'Order pipeline' },
    // Without the bar that asks for the address of another document.
    uiHooks: {
      preHandler: (request, reply, done) => {
        if (request.routeOptions.url === '/docs/json') void sendDocument(reply);
        else done();
      },
    },
    uiConfig: { layout: 'BaseLayout', tryItOutEnabled: true, displayRequestDuration: true },
  });
  server.get('/openapi.json', { schema: { hide: true } }, async (_, reply) => sendDocument(reply));
};
