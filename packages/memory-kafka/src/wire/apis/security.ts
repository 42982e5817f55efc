import type { AclEntry, AclFilter } from 'kafkajs';
import { createAcl, deleteAcls as removeAcls, describeAcls as findAcls } from '../../broker/acl-requests.ts';
import { defineApi } from '../api.ts';
import type { Decoded } from '../codec.ts';
import { attempt, codeOfType } from '../codes.ts';
import {
  createAclsRequest,
  createAclsResponse,
  deleteAclsRequest,
  deleteAclsResponse,
  describeAclsRequest,
  describeAclsResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '../messages/security.ts';

export const saslHandshake = defineApi({
  api: { key: 17, name: 'SaslHandshake', versions: [0, 1], flexibleFrom: Infinity },
  request: saslHandshakeRequest,
  response: saslHandshakeResponse,
  handle: ({ session }, { mechanism }) => {
    if (session === undefined) return { errorCode: codeOfType('ILLEGAL_SASL_STATE'), mechanisms: [] };
    const { refusal, mechanisms } = session.handshake(mechanism);
    return { errorCode: codeOfType(refusal), mechanisms };
  },
  refuse: (_request, code) => ({ errorCode: code, mechanisms: [] }),
});

const NOTHING = Buffer.alloc(0);

export const saslAuthenticate = defineApi({
  api: { key: 36, name: 'SaslAuthenticate', versions: [0, 2], flexibleFrom: 2 },
  request: saslAuthenticateRequest,
  response: saslAuthenticateResponse,
  handle: ({ session }, { authBytes }) => {
    if (session === undefined) {
      const errorCode = codeOfType('ILLEGAL_SASL_STATE');
      return { errorCode, errorMessage: null, authBytes: NOTHING, sessionLifetimeMs: 0 };
    }
    const { refusal, message, bytes, lifetimeMs } = session.authenticate(authBytes);
    return {
      errorCode: codeOfType(refusal),
      errorMessage: message,
      authBytes: bytes,
      sessionLifetimeMs: lifetimeMs,
    };
  },
  refuse: (_request, code) => ({
    errorCode: code,
    errorMessage: null,
    authBytes: NOTHING,
    sessionLifetimeMs: 0,
  }),
});

/** A filter as it comes over the wire. */
type WireFilter = Omit<AclFilter, 'resourceName' | 'principal' | 'host'> &
  Pick<Decoded<typeof describeAclsRequest>, 'resourceName' | 'principal' | 'host'>;

/** A filter as kafkajs has it: what it does not say, it lets pass. */
const toFilter = ({ resourceName, principal, host, ...rest }: WireFilter): AclFilter => ({
  ...rest,
  ...(resourceName === null ? {} : { resourceName }),
  ...(principal === null ? {} : { principal }),
  ...(host === null ? {} : { host }),
});

export const describeAcls = defineApi({
  api: { key: 29, name: 'DescribeAcls', versions: [0, 3], flexibleFrom: 2 },
  request: describeAclsRequest,
  response: describeAclsResponse,
  handle: ({ core }, filter: WireFilter) => {
    let resources: ReturnType<typeof findAcls> = [];
    const errorCode = attempt(() => {
      resources = findAcls(core, toFilter(filter));
    });
    return { throttleTimeMs: 0, errorCode, errorMessage: null, resources };
  },
  refuse: (_request, code) => ({ throttleTimeMs: 0, errorCode: code, errorMessage: null, resources: [] }),
});

export const createAcls = defineApi({
  api: { key: 30, name: 'CreateAcls', versions: [0, 3], flexibleFrom: 2 },
  request: createAclsRequest,
  response: createAclsResponse,
  handle: ({ core }, { creations }) => ({
    throttleTimeMs: 0,
    results: creations.map((acl: AclEntry) => ({
      errorCode: attempt(() => createAcl(core, acl)),
      errorMessage: null,
    })),
  }),
  refuse: ({ creations }, code) => ({
    throttleTimeMs: 0,
    results: creations.map(() => ({ errorCode: code, errorMessage: null })),
  }),
});

export const deleteAcls = defineApi({
  api: { key: 31, name: 'DeleteAcls', versions: [0, 3], flexibleFrom: 2 },
  request: deleteAclsRequest,
  response: deleteAclsResponse,
  handle: ({ core }, { filters }) => ({
    throttleTimeMs: 0,
    filterResults: filters.map((filter: WireFilter) => {
      let found: AclEntry[] = [];
      const errorCode = attempt(() => {
        found = removeAcls(core, toFilter(filter));
      });
      const matchingAcls = found.map((acl) => ({ errorCode: 0, errorMessage: null, ...acl }));
      return { errorCode, errorMessage: null, matchingAcls };
    }),
  }),
  refuse: ({ filters }, code) => ({
    throttleTimeMs: 0,
    filterResults: filters.map(() => ({ errorCode: code, errorMessage: null, matchingAcls: [] })),
  }),
});
