import { PbfWriter } from 'pbf';
import { SPAN_KINDS, type Attributes, type SpanRecord, type Trace } from '@order-pipeline/service-kit';

/*
 * OTLP's messages of traces in protobuf, byte for byte as OpenTelemetry's serializer writes them
 * (https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto). That one goes
 * through every span twice, once to see how long it will be, and makes an array of each id.
 */

const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** Sampled, and it is known that its parent is not said to be of another process. */
const FLAGS = 0x101;
const STATUS_ERROR = 2;

const NS_A_SECOND = 1e9;
const NS_A_MS = 1e6;
const MS_A_SECOND = 1_000;
const TWO_16 = 2 ** 16;
const TWO_32 = 2 ** 32;

/** The value of a hexadecimal digit in lower case. */
const digit = (code: number): number => (code < 58 ? code - 48 : code - 87);

const writeHex = (pbf: PbfWriter, field: number, hex: string): void => {
  const length = hex.length >> 1;
  pbf.writeTag(field, BYTES);
  pbf.writeVarint(length);
  pbf.realloc(length);
  for (let at = 0; at < hex.length; at += 2)
    pbf.buf[pbf.pos++] = (digit(hex.charCodeAt(at)) << 4) | digit(hex.charCodeAt(at + 1));
};

/** Nanoseconds since the epoch are more than a number holds exactly, so they are put together of two. */
const writeTime = (pbf: PbfWriter, field: number, ms: number): void => {
  const seconds = Math.floor(ms / MS_A_SECOND);
  const upper = Math.floor(seconds / TWO_16) * NS_A_SECOND;
  const lower = (upper % TWO_16) * TWO_16 + (seconds % TWO_16) * NS_A_SECOND;
  const low = lower + Math.round((ms % MS_A_SECOND) * NS_A_MS);
  pbf.writeTag(field, FIXED_64);
  pbf.writeFixed32(low % TWO_32);
  pbf.writeFixed32(Math.floor(upper / TWO_16) + Math.floor(low / TWO_32));
};

const writeText = (pbf: PbfWriter, field: number, text: string): void => {
  pbf.writeTag(field, BYTES);
  pbf.writeString(text);
};

const writeNumber = (pbf: PbfWriter, field: number, value: number): void => {
  pbf.writeTag(field, 0);
  pbf.writeVarint(value);
};

const writeValue = (value: unknown, pbf: PbfWriter): void => {
  if (typeof value === 'string') writeText(pbf, 1, value);
  else if (Number.isInteger(value)) writeNumber(pbf, 3, value as number);
  else {
    pbf.writeTag(4, FIXED_64);
    pbf.writeDouble(value as number);
  }
};

const writeAttribute = ([key, value]: readonly [string, unknown], pbf: PbfWriter): void => {
  writeText(pbf, 1, key);
  pbf.writeMessage(2, writeValue, value);
};

/** The most that a length of one byte says, and the greatest number that a varint of one byte and of two bytes is. */
const ONE_BYTE = 0x7f;
const TWO_BYTES = 0x3fff;

/** The keys of attributes, of which there are few, as they are written. */
const keys = new Map<string, Uint8Array>();

const keyOf = (key: string): Uint8Array => {
  const known = keys.get(key);
  if (known) return known;
  const pbf = new PbfWriter();
  writeText(pbf, 1, key);
  const bytes = pbf.finish();
  keys.set(key, bytes);
  return bytes;
};

/** Writes the lengths, the key and what its value begins with, and answers where the rest of `size` bytes goes. */
const beginShort = (pbf: PbfWriter, field: number, key: Uint8Array, size: number): number => {
  const length = key.length + 2 + size;
  if (length > ONE_BYTE) return -1;
  pbf.realloc(length + 2);
  const { buf, pos } = pbf;
  buf[pos] = (field << 3) | BYTES;
  buf[pos + 1] = length;
  buf.set(key, pos + 2);
  const at = pos + 2 + key.length;
  buf[at] = (2 << 3) | BYTES;
  buf[at + 1] = size;
  return at + 2;
};

/**
 * Writes an attribute whose lengths all are one byte, as nearly every one's are: so nothing has to be written before it is
 * known how long it will be.
 *
 * @returns whether it is one; of any other nothing is written
 */
const writeShort = (pbf: PbfWriter, field: number, key: Uint8Array, value: string | number): boolean => {
  if (typeof value === 'string') {
    let at = beginShort(pbf, field, key, value.length + 2);
    if (at < 0) return false;
    const { buf } = pbf;
    buf[at++] = (1 << 3) | BYTES;
    buf[at++] = value.length;
    for (let index = 0; index < value.length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > ONE_BYTE) return false;
      buf[at++] = code;
    }
    pbf.pos = at;
    return true;
  }
  if (!Number.isInteger(value) || value < 0 || value > TWO_BYTES) return false;
  const isOne = value <= ONE_BYTE;
  let at = beginShort(pbf, field, key, isOne ? 2 : 3);
  if (at < 0) return false;
  pbf.buf[at++] = 3 << 3;
  pbf.buf[at++] = isOne ? value : (value & ONE_BYTE) | (ONE_BYTE + 1);
  if (!isOne) pbf.buf[at++] = value >> 7;
  pbf.pos = at;
  return true;
};

const writeLink = ({ traceId, spanId }: Trace, pbf: PbfWriter): void => {
  writeHex(pbf, 1, traceId);
  writeHex(pbf, 2, spanId);
  writeNumber(pbf, 5, 0);
  pbf.writeTag(6, FIXED_32);
  pbf.writeFixed32(FLAGS);
};

const writeStatus = (failed: boolean, pbf: PbfWriter): void => writeNumber(pbf, 3, failed ? STATUS_ERROR : 0);

const writeAttributes = (pbf: PbfWriter, field: number, attributes: Attributes): void => {
  for (const key in attributes) {
    const value = attributes[key] as string | number;
    if (!writeShort(pbf, field, keyOf(key), value)) pbf.writeMessage(field, writeAttribute, [key, value]);
  }
};

const writeSpan = (span: SpanRecord, pbf: PbfWriter): void => {
  writeHex(pbf, 1, span.traceId);
  writeHex(pbf, 2, span.spanId);
  if (span.parentId !== undefined) writeHex(pbf, 4, span.parentId);
  writeText(pbf, 5, span.name);
  writeNumber(pbf, 6, SPAN_KINDS.indexOf(span.kind) + 1);
  writeTime(pbf, 7, span.startMs);
  writeTime(pbf, 8, span.endMs);
  writeAttributes(pbf, 9, span.attributes);
  writeNumber(pbf, 10, 0);
  writeNumber(pbf, 12, 0);
  for (const link of span.links) pbf.writeMessage(13, writeLink, link);
  writeNumber(pbf, 14, 0);
  pbf.writeMessage(15, writeStatus, span.failed);
  pbf.writeTag(16, FIXED_32);
  pbf.writeFixed32(FLAGS);
};

/** Makes what writes spans, one at a time, each into bytes of its own. */
export const createSpanEncoder = (): ((span: SpanRecord) => Uint8Array) => {
  const pbf = new PbfWriter();
  return (span) => {
    pbf.pos = 0;
    writeSpan(span, pbf);
    // A copy, small enough for a pool of Node's: what waits to be sent is to be little for garbage collection.
    return Buffer.from(pbf.buf.subarray(0, pbf.pos));
  };
};

/** The spans of one service, as they are sent. */
export interface ServiceSpans {
  /** What the collector knows the service by. */
  readonly attributes: Attributes;
  /** From `createSpanEncoder`. */
  readonly spans: readonly Uint8Array[];
}

const writeScope = (name: string, pbf: PbfWriter): void => writeText(pbf, 1, name);

const writeResource = (attributes: Attributes, pbf: PbfWriter): void => {
  writeAttributes(pbf, 1, attributes);
  writeNumber(pbf, 2, 0);
};

/** @param scope who has recorded the spans */
export const encodeRequest = (services: readonly ServiceSpans[], scope: string): Uint8Array => {
  const pbf = new PbfWriter();
  const writeScopeSpans = (spans: ServiceSpans['spans']): void => {
    pbf.writeMessage(1, writeScope, scope);
    for (const span of spans) {
      pbf.writeTag(2, BYTES);
      pbf.writeBytes(span);
    }
  };
  const writeService = ({ attributes, spans }: ServiceSpans): void => {
    pbf.writeMessage(1, writeResource, attributes);
    pbf.writeMessage(2, writeScopeSpans, spans);
  };
  for (const service of services) pbf.writeMessage(1, writeService, service);
  return pbf.finish();
};
