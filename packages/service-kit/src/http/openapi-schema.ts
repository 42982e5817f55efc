import {
  bodyLimitOf,
  ERROR_STATUS,
  ErrorBody,
  DECLARED_OPERATIONS,
  isForOperators,
  Strict,
  type ErrorCode,
  type Operation,
} from '@order-pipeline/contracts';
import { errorBody } from '../app-error.ts';
import { bodyTooLarge } from './framework-errors.ts';

const EVERY_OPERATION: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'HOST_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'RATE_LIMITED',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
  'UNAVAILABLE',
];
const EVERY_ACTOR: readonly ErrorCode[] = ['UNAUTHENTICATED', 'FORBIDDEN'];
const EVERY_POST: readonly ErrorCode[] = [
  'CROSS_SITE_REFUSED',
  'MALFORMED_JSON',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
];

/** A sentence for each code, as one may read it. */
const EXAMPLE_SENTENCES: Readonly<Record<ErrorCode, string>> = {
  VALIDATION_FAILED: 'Bad input: limit must be a whole number from 1 to 1000',
  MALFORMED_JSON: 'The body is not well-formed JSON',
  ORDER_NOT_CANCELLABLE: 'Order cannot be cancelled. Current status: SHIPPED',
  USER_NOT_FOUND: 'There is no user user11',
  ITEM_NOT_FOUND: 'There is no item item1',
  ORDER_NOT_FOUND: 'There is no order order-1',
  UNAUTHENTICATED:
    'This is for operators: send the token in OPERATOR_TOKEN of the gateway as Authorization: Bearer <token>',
  FORBIDDEN:
    'Operators are not admitted here: set OPERATOR_TOKEN at the gateway, and send it as Authorization: Bearer <token>',
  HOST_NOT_ALLOWED: 'This host is not asked by that name: use localhost, or add the name to ALLOWED_HOSTS',
  CROSS_SITE_REFUSED: 'Pages of other sites may change nothing here',
  DEAD_LETTER_NOT_FOUND: 'There is no dead letter 9f86d081884c7d659a2feaa0',
  DEAD_LETTER_RESOLVED: 'The dead letter 9f86d081884c7d659a2feaa0 is already resolved: REDRIVEN',
  REDRIVE_LIMIT_REACHED:
    'It was redriven 3 times and failed each time; redrive it by its id and with force to try again',
  ROUTE_NOT_FOUND: 'There is nothing at GET /api/nothing',
  METHOD_NOT_ALLOWED: 'PUT is not possible here, only GET, HEAD, POST',
  REQUEST_TIMEOUT: 'The request took too long to arrive',
  ID_TAKEN: 'The id is taken by other content',
  NOT_ENOUGH_STOCK: 'There is not enough stock for the order',
  IDEMPOTENCY_KEY_REUSED: 'The key delivery-17 was used for another restock of item1',
  ORDER_ARCHIVED:
    'The order order-1 was archived at 2026-04-01T03:00:00.000Z, in year=2026/month=01/2026-04-01-5f0c.parquet',
  BODY_TOO_LARGE: 'The body may have 65536 bytes at most',
  UNSUPPORTED_MEDIA_TYPE: 'The body must be JSON, sent as application/json',
  RATE_LIMITED: 'Too many requests, try again in a moment',
  HEADERS_TOO_LARGE: 'The headers are too large',
  INTERNAL: 'Something went wrong on our side',
  UNAVAILABLE: 'The orders service does not answer, try again in a moment',
};

const RETRY_AFTER = {
  'retry-after': { type: 'integer', description: 'Seconds to wait before the next try' },
};
const LINK = {
  link: { type: 'string', description: 'The next page, where there is one: `<…>; rel="next"` (RFC 8288)' },
};
const HEADERS_OF_STATUS: Readonly<Record<number, object>> = { 429: RETRY_AFTER, 503: RETRY_AFTER };

const codesOf = ({ method, errors }: Operation): readonly ErrorCode[] => [
  ...EVERY_ACTOR,
  ...(method === 'POST' ? EVERY_POST : []),
  ...errors,
  ...EVERY_OPERATION,
];

const exampleSentence = (operation: Operation, code: ErrorCode): string =>
  code === 'BODY_TOO_LARGE' ? bodyTooLarge(bodyLimitOf(operation)).message : EXAMPLE_SENTENCES[code];

const errorResponse = (operation: Operation, status: number, codes: readonly ErrorCode[]) => ({
  ...ErrorBody,
  description: `${codes.join(' or ')}${status === ERROR_STATUS.BODY_TOO_LARGE ? `: more than ${bodyLimitOf(operation)} bytes` : ''}`,
  ...(HEADERS_OF_STATUS[status] ? { headers: HEADERS_OF_STATUS[status] } : {}),
  'x-examples': Object.fromEntries(
    codes.map((code) => [code, { value: errorBody(code, exampleSentence(operation, code)) }]),
  ),
});

const errorResponses = (operation: Operation) => {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codesOf(operation)) {
    const status = ERROR_STATUS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, errorResponse(operation, status, codes)]),
  );
};

const replyHeaders = ({ paged, replyHeaders: named = {} }: Operation) => {
  const headers = {
    ...(paged ? LINK : {}),
    ...Object.fromEntries(
      Object.entries(named).map(([name, description]) => [name, { type: 'string', description }]),
    ),
  };
  return Object.keys(headers).length === 0 ? {} : { headers };
};

const emptyReplies = ({ emptyReplies: statuses = {} }: Operation) =>
  Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => [status, { type: 'null', description }]),
  );

/** What is answered: the reply as JSON, or the text of a stream of events. */
const successOf = ({ streams, reply, summary, exampleReply }: Operation) =>
  streams
    ? {
        description: summary,
        content: {
          'text/event-stream': {
            schema: {
              type: 'string',
              description: 'Server-Sent Events (HTML, 9.2)',
              ...(exampleReply === undefined ? {} : { examples: [exampleReply] }),
            },
          },
        },
      }
    : {
        ...reply,
        description: summary,
        ...(exampleReply === undefined ? {} : { examples: [exampleReply] }),
      };

/** The tag of an operation: what the gateway answers of orders by itself is among them. */
const tagOf = (operation: Operation): string =>
  isForOperators(operation) ? 'operators' : operation.owner === 'api-gateway' ? 'orders' : operation.owner;

const NAMES = new Map(Object.entries(DECLARED_OPERATIONS).map(([name, operation]) => [operation, name]));

/** One for all, so that it is compiled once. */
const NO_QUERY = Strict({});

/** The schemas of an operation as Fastify takes them: to validate, to serialize and, where it is public, to document. */
export const openApiSchema = (operation: Operation): Record<string, unknown> => {
  const { params, query = NO_QUERY, headers, body, exampleBody } = operation;
  const input = {
    ...(params ? { params } : {}),
    querystring: query,
    ...(headers ? { headers } : {}),
    ...(body ? { body: exampleBody === undefined ? body : { ...body, examples: [exampleBody] } } : {}),
  };
  const name = NAMES.get(operation);
  if (name === undefined) return { ...input, hide: true };
  return {
    ...input,
    operationId: name,
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    tags: [tagOf(operation)],
    response: {
      [operation.status]: {
        ...successOf(operation),
        ...replyHeaders(operation),
      },
      ...emptyReplies(operation),
      ...errorResponses(operation),
    },
  };
};
