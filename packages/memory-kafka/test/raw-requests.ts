import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createLogPolicy } from '../src/broker/log-policy.ts';
import { createPartitionLog, type Writer } from '../src/broker/partition-log.ts';
import { placeOn } from '../src/broker/placement.ts';
import { toRecords } from '../src/broker/records.ts';
import type { WireApi } from '../src/wire/api.ts';
import { skipTags } from '../src/wire/codec.ts';
import { encodeBatches } from '../src/wire/encode-batches.ts';
import { createReader } from '../src/wire/reader.ts';
import { createWriter } from '../src/wire/writer.ts';

/** A connection that asks for exactly what a test writes down, which no client would. */
export interface RawConnection {
  /** Asks once, in that version, and answers the answer's fields. Rejects where the broker hangs up. */
  ask(api: WireApi, version: number, request: object): Promise<Record<string, unknown>>;
  /** Asks without waiting for an answer. */
  post(api: WireApi, version: number, request: object): void;
  close(): void;
}

const frameOf = (api: WireApi, version: number, correlationId: number, request: object): Buffer => {
  const form = { version, flexible: version >= api.flexibleFrom };
  const w = createWriter();
  w.int32(0);
  w.int16(api.key);
  w.int16(version);
  w.int32(correlationId);
  w.int16(3);
  w.text('raw');
  if (form.flexible) w.uvarint(0);
  api.request.write(w, request, form);
  const bytes = w.buffer();
  bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
};

const answerIn = (api: WireApi, version: number, frame: Buffer): Record<string, unknown> => {
  const form = { version, flexible: version >= api.flexibleFrom };
  const r = createReader(frame);
  r.int32();
  if (form.flexible) skipTags(r);
  return api.response.read(r, form) as Record<string, unknown>;
};

/** Connects to `host:port`. */
export const connectRaw = async (broker: string): Promise<RawConnection> => {
  const [host = '', port] = broker.split(':');
  const socket = createConnection({ host, port: Number(port) });
  await once(socket, 'connect');
  const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
  let received = Buffer.alloc(0);
  let lastId = 0;
  const isWhole = (): boolean => received.length >= 4 && received.length >= 4 + received.readInt32BE(0);
  const nextFrame = async (): Promise<Buffer> => {
    while (!isWhole()) {
      const { value, done } = await chunks.next();
      if (done) throw new Error('The broker has hung up');
      received = Buffer.concat([received, value]);
    }
    const end = 4 + received.readInt32BE(0);
    const frame = received.subarray(4, end);
    received = received.subarray(end);
    return frame;
  };
  const post: RawConnection['post'] = (api, version, request) => {
    lastId += 1;
    socket.write(frameOf(api, version, lastId, request));
  };
  return {
    post,
    ask: async (api, version, request) => {
      post(api, version, request);
      return answerIn(api, version, await nextFrame());
    },
    close: () => void socket.destroy(),
  };
};

/** One message, as a producer with that identity writes it. */
export const batchOf = (value: string, writer: Writer): Buffer => {
  const policy = createLogPolicy(new Map(), {});
  const log = createPartitionLog({ now: Date.now, policy: () => policy, placement: placeOn([1]) });
  log.append(toRecords([{ value }], Date.now()), writer, false);
  return encodeBatches(log.read(0, { maxBytes: Infinity, committedOnly: false }).slices);
};
