import { array, bytes, int16, int32, int64, int8, nullableString, since, string, struct } from '../codec.ts';

export const saslHandshakeRequest = struct({ mechanism: string });

export const saslHandshakeResponse = struct({ errorCode: int16, mechanisms: array(string) });

export const saslAuthenticateRequest = struct({ authBytes: bytes });

export const saslAuthenticateResponse = struct({
  errorCode: int16,
  errorMessage: nullableString,
  authBytes: bytes,
  sessionLifetimeMs: since(1, int64, 0),
});

/** Kafka's number for a resource of exactly that name: all there was in the first version. */
const LITERAL = 3;

const resource = {
  resourceType: int8,
  resourceName: string,
  resourcePatternType: since(1, int8, LITERAL),
};

const acl = { principal: string, host: string, operation: int8, permissionType: int8 };

const filter = {
  resourceType: int8,
  resourceName: nullableString,
  resourcePatternType: since(1, int8, LITERAL),
  principal: nullableString,
  host: nullableString,
  operation: int8,
  permissionType: int8,
};

const outcome = { errorCode: int16, errorMessage: nullableString };

export const describeAclsRequest = struct(filter);

export const describeAclsResponse = struct({
  throttleTimeMs: int32,
  ...outcome,
  resources: array(struct({ ...resource, acls: array(struct(acl)) })),
});

export const createAclsRequest = struct({ creations: array(struct({ ...resource, ...acl })) });

export const createAclsResponse = struct({ throttleTimeMs: int32, results: array(struct(outcome)) });

export const deleteAclsRequest = struct({ filters: array(struct(filter)) });

export const deleteAclsResponse = struct({
  throttleTimeMs: int32,
  filterResults: array(
    struct({ ...outcome, matchingAcls: array(struct({ ...outcome, ...resource, ...acl })) }),
  ),
});
