export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 9092;

const parse = (address: string): BrokerAddress => {
  const [host = 'localhost', port = ''] = address.split(':');
  return { host, port: Number(port) || DEFAULT_PORT };
};

/**
 * Where a broker is, by its place among all of them: at the address of that place by which clients have asked for the cluster,
 * else as many ports behind the first.
 */
export const addressAt = (addresses: readonly string[], place: number): BrokerAddress => {
  const given = addresses[place];
  if (given !== undefined) return parse(given);
  const { host, port } = parse(addresses[0] ?? 'localhost');
  return { host, port: port + place };
};
