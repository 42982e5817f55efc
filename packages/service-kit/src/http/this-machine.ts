import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopbackName, parseAuthority } from './authority.ts';

const LOOPBACK_ADDRESS = /^(?:(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;
const FORWARDING_HEADER = /^(?:x-forwarded-.*|forwarded|via|x-real-ip)$/;

/** Whether only this machine reaches what listens there. */
export const isLoopbackAddress = (at: AddressInfo | string | null): boolean =>
  typeof at === 'object' && at !== null && LOOPBACK_ADDRESS.test(at.address);

/** Whether an address or name to listen on is reached from this machine alone. */
export const isLoopbackHost = (host: string): boolean => isLoopbackName(host) || LOOPBACK_ADDRESS.test(host);

/** Whether only this machine reaches a server that listens. */
export const listensOnlyHere = (server: FastifyInstance): boolean =>
  server.addresses().every(isLoopbackAddress);

/**
 * Whether a request was made on this machine itself, and for it: the server listens to nobody else, it is asked by a name
 * of the machine, which a page from elsewhere in a browser of this machine cannot have, and nothing says that somebody forwarded it.
 */
export const isFromThisMachine = (server: FastifyInstance, { headers }: FastifyRequest): boolean => {
  const addresses = server.addresses();
  return (
    addresses.length > 0 &&
    addresses.every(isLoopbackAddress) &&
    parseAuthority(headers.host ?? '')?.isLoopback === true &&
    !Object.keys(headers).some((name) => FORWARDING_HEADER.test(name))
  );
};
