import { ERROR_STATUS, ErrorBody, type ErrorCode, type Operation } from '@order-pipeline/contracts';

const EVERY_OPERATION: readonly ErrorCode[] = ['RATE_LIMITED', 'INTERNAL', 'UNAVAILABLE'];
const WITH_INPUT: readonly ErrorCode[] = ['VALIDATION_FAILED'];
const WITH_BODY: readonly ErrorCode[] = ['MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

const codesOf = (operation: Operation): readonly ErrorCode[] => [
  ...(operation.params || operation.query || operation.body ? WITH_INPUT : []),
  ...(operation.body ? WITH_BODY : []),
  ...operation.refusals,
  ...EVERY_OPERATION,
];

const errorResponses = (operation: Operation) => {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codesOf(operation)) {
    const status = ERROR_STATUS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, { ...ErrorBody, description: codes.join(' or ') }]),
  );
};

/** The schemas of an operation as Fastify takes them: to validate, to serialize and to document. */
export const openApiSchema = (operation: Operation): Record<string, unknown> => {
  const { params, query, body, reply, exampleBody, exampleReply } = operation;
  const input = {
    ...(params ? { params } : {}),
    ...(query ? { querystring: query } : {}),
    ...(body ? { body: exampleBody === undefined ? body : { ...body, examples: [exampleBody] } } : {}),
  };
  if (!operation.path.startsWith('/api/')) return input;
  const example = exampleReply === undefined ? {} : { examples: [exampleReply] };
  return {
    ...input,
    summary: operation.summary,
    tags: [operation.owner],
    response: {
      [operation.status]: { ...reply, ...example, description: operation.summary },
      ...errorResponses(operation),
    },
  };
};
