import { compile } from '@fastify/proxy-addr';
import ipaddr from 'ipaddr.js';
import { isIPv4, isIPv6 } from 'node:net';

/** What a network gives to one customer at least: its customer has all of its addresses. */
const IPV6_PARTS = 4;
/** Some proxies write the port beside the address. */
const WITH_PORT = /^(?:(\d+\.\d+\.\d+\.\d+):\d+|\[([^\]]+)\](?::\d+)?)$/;

/**
 * What an address is counted under: IPv4 as it is, also inside IPv6; IPv6 by its network of 64 bits. Whatever is no address,
 * as a proxy may write it, is counted together.
 */
export const addressKey = (address: string | undefined): string => {
  if (address === undefined) return 'unknown';
  if (isIPv4(address)) return address;
  if (isIPv6(address)) {
    const parsed = ipaddr.process(address);
    if (parsed.kind() === 'ipv4') return parsed.toString();
    const parts = (parsed as ipaddr.IPv6).parts.slice(0, IPV6_PARTS);
    return `${parts.map((part) => part.toString(16)).join(':')}::/64`;
  }
  const [, ipv4, ipv6] = WITH_PORT.exec(address) ?? [];
  return addressKey([ipv4, ipv6].find((bare) => bare !== undefined && bare !== address));
};

/** Whether a range of addresses, as `10.0.0.0/8`, can be one of proxies; everybody cannot. */
export const isAddressRange = (range: string): boolean => {
  try {
    compile([range]);
    return /^[0-9a-fA-F:.]+(?:\/\d+)?$/.test(range);
  } catch {
    return false;
  }
};

/** Makes the function that says whether an address is one of the proxies'. */
export const createTrust = (ranges: readonly string[]): ((address: string) => boolean) => {
  if (ranges.length === 0) return () => false;
  const trust = compile([...ranges]);
  return (address) => trust(address, 0);
};
