import { errorCodeOf } from '../errors.ts';
import { ANONYMOUS, type Principal } from '../broker/acls.ts';
import { NOTHING_REFUSED } from '../broker/refusals.ts';
import { isRequestName, REQUEST_KINDS, type RequestName } from '../broker/requests.ts';
import { aboutOf } from './about.ts';
import type { Caller, WireApi } from './api.ts';
import { apiVersions, APIS_BY_KEY } from './apis/index.ts';
import { skipTags, type Form } from './codec.ts';
import { codeOf } from './codes.ts';
import { createReader, type Reader } from './reader.ts';
import { createWriter } from './writer.ts';

interface Header {
  readonly api: WireApi;
  readonly form: Form;
  readonly correlationId: number;
  readonly clientId: string;
  readonly isTooNew: boolean;
}

const readHeader = (r: Reader): Header => {
  const [key, version, correlationId] = [r.int16(), r.int16(), r.int32()];
  const api = APIS_BY_KEY.get(key);
  if (api === undefined) throw new RangeError(`The broker does not know the API ${key}`);
  const isKnown = version >= api.minVersion && version <= api.maxVersion;
  if (!isKnown && api !== apiVersions) throw new RangeError(`${api.name} has no version ${version} here`);
  const length = r.int16();
  const clientId = length < 0 ? '' : r.bytes(length).toString();
  const form = { version, flexible: version >= api.flexibleFrom };
  if (form.flexible) skipTags(r);
  return { api, form, correlationId, clientId, isTooNew: !isKnown };
};

/** A frame: its length, which request it answers, and the answer. */
const frame = ({ api, correlationId }: Header, form: Form, answer: unknown): Buffer => {
  const w = createWriter();
  w.int32(0);
  w.int32(correlationId);
  // This one is asked before anybody knows how to ask, so its header stays the first one.
  if (form.flexible && api !== apiVersions) w.uvarint(0);
  api.response.write(w, answer, form);
  const bytes = w.buffer();
  bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
};

type Connected = Omit<Caller, 'clientId' | 'refused'>;

/** Who has logged in. Throws, so that the connection is closed, where somebody has to and nobody has, or not again in time. */
const principalOf = ({ session, host }: Connected, name: RequestName): Principal => {
  const user = session?.user() ?? ANONYMOUS;
  const isIn = session === undefined || (user !== ANONYMOUS && !session.isExpired());
  if (isIn || REQUEST_KINDS[name].api === 'authentication') return { name: `User:${user}`, host };
  throw new RangeError(`${name} is asked for where nobody has logged in, or not again in time`);
};

const carryOut = async (
  { api, form, clientId }: Header,
  connected: Connected,
  request: unknown,
): Promise<unknown> => {
  const { version } = form;
  const { name } = api;
  const caller = { ...connected, clientId, refused: NOTHING_REFUSED };
  // Every client asks for the versions first: what no fault hits.
  if (!isRequestName(name)) return api.handle(caller, request, version);
  const principal = principalOf(connected, name);
  try {
    const about = aboutOf(connected.core, request);
    const arriving = { name, clientId, principal, nodeId: connected.nodeId, ...about };
    return await connected.core.gate.pass(arriving, async (refused) =>
      api.handle({ ...caller, refused }, request, version),
    );
  } catch (error) {
    return api.refuse(request, codeOf(error), version);
  }
};

/**
 * Answers one request, without the length that came before it; undefined if the client does not wait for an answer. Rejects,
 * and the connection has to be closed, for bytes that make no sense, for a refusal that the client does not wait for, and when a
 * fault breaks the connection.
 */
export const answer = async (bytes: Buffer, connected: Connected): Promise<Buffer | undefined> => {
  const r = createReader(bytes);
  const header = readHeader(r);
  if (header.isTooNew) {
    const code = errorCodeOf('UNSUPPORTED_VERSION');
    return frame(header, { version: 0, flexible: false }, apiVersions.refuse(undefined, code, 0));
  }
  const request = header.api.request.read(r, header.form);
  const answered = await carryOut(header, connected, request);
  if (answered !== undefined && !header.api.isAnswered(request))
    throw new RangeError(`${header.api.name} is refused, which only a closed connection can say`);
  return answered === undefined ? undefined : frame(header, header.form, answered);
};
