import kafkajs from 'kafkajs';
import type { Writer as BatchWriter } from '../broker/partition-log.ts';
import type { RecordToWrite } from '../broker/records.ts';
import { protocolError } from '../errors.ts';
import { crc32c } from './crc32c.ts';
import { createReader, type Reader } from './reader.ts';

/** A batch as a producer wrote it. */
export interface ProducedBatch {
  readonly records: readonly RecordToWrite[];
  readonly writer: BatchWriter;
  readonly isCompressed: boolean;
}

const MAGIC = 2;
const CODEC_BITS = 0x07;
const TRANSACTIONAL_BIT = 0x10;
/** From the base offset up to the length, which itself counts from there on. */
const LENGTH_BYTES = 12;

const sized = (r: Reader): Buffer | null => {
  const length = r.varint();
  return length < 0 ? null : r.bytes(length);
};

const readHeaders = (r: Reader): RecordToWrite['headers'] =>
  Array.from({ length: r.varint() }, () => [String(sized(r) ?? ''), sized(r) ?? Buffer.alloc(0)] as const);

const readRecord = (r: Reader, baseTimestamp: number): RecordToWrite => {
  const startsAt = r.at();
  const length = r.varint();
  const prefix = r.at() - startsAt;
  const end = r.at() + length;
  r.int8();
  const timestamp = baseTimestamp + r.varint();
  r.varint();
  const [key, value] = [sized(r), sized(r)];
  const headers = readHeaders(r);
  if (r.at() !== end) throw new RangeError('A record has another length than it says');
  const headerBytes = headers.reduce((sum, [, each]) => sum + each.length, 0);
  const payloadBytes = (key?.length ?? 0) + (value?.length ?? 0) + headerBytes;
  return {
    key,
    value,
    headers,
    timestamp,
    baseTimestamp,
    payloadBytes,
    wireBytes: prefix + length,
    isReadable: true,
  };
};

/** Throws UNSUPPORTED_COMPRESSION_TYPE where no codec is registered, CORRUPT_MESSAGE where it fails. */
const decompress = async (bytes: Buffer, type: number): Promise<Buffer> => {
  if (type === 0) return bytes;
  const create = Object.entries<() => unknown>(kafkajs.CompressionCodecs).find(
    ([key]) => key === String(type),
  );
  let codec: { decompress(bytes: Buffer): Promise<Buffer> };
  try {
    codec = create?.[1]() as typeof codec;
  } catch {
    throw protocolError('UNSUPPORTED_COMPRESSION_TYPE');
  }
  try {
    return await codec.decompress(bytes);
  } catch {
    throw protocolError('CORRUPT_MESSAGE');
  }
};

const readRecords = (bytes: Buffer, count: number, baseTimestamp: number): RecordToWrite[] => {
  try {
    const r = createReader(bytes);
    const records = Array.from({ length: count }, () => readRecord(r, baseTimestamp));
    if (r.left() > 0) throw new RangeError('There is more than the records');
    return records;
  } catch {
    throw protocolError('INVALID_RECORD');
  }
};

const readBatch = async (r: Reader): Promise<ProducedBatch> => {
  r.int64();
  const body = createReader(r.bytes(r.int32()));
  body.int32();
  if (body.int8() !== MAGIC) throw protocolError('UNSUPPORTED_FOR_MESSAGE_FORMAT');
  const expected = body.uint32();
  const checked = body.bytes(body.left());
  if (crc32c(checked) !== expected) throw protocolError('CORRUPT_MESSAGE');
  const fields = createReader(checked);
  const attributes = fields.int16();
  fields.int32();
  const baseTimestamp = fields.int64();
  fields.int64();
  const [producerId, producerEpoch, firstSequence] = [fields.int64(), fields.int16(), fields.int32()];
  const count = fields.int32();
  const type = attributes & CODEC_BITS;
  const plain = await decompress(fields.bytes(fields.left()), type);
  return {
    records: readRecords(plain, count, baseTimestamp),
    writer: {
      producerId,
      producerEpoch,
      firstSequence,
      transactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    },
    isCompressed: type !== 0,
  };
};

/**
 * The batches that a producer sent for one partition. Throws CORRUPT_MESSAGE, INVALID_RECORD, UNSUPPORTED_COMPRESSION_TYPE,
 * UNSUPPORTED_FOR_MESSAGE_FORMAT.
 */
export const decodeBatches = async (bytes: Buffer): Promise<ProducedBatch[]> => {
  const r = createReader(bytes);
  const batches: ProducedBatch[] = [];
  while (r.left() > LENGTH_BYTES) batches.push(await readBatch(r));
  if (batches.length === 0) throw protocolError('INVALID_RECORD');
  return batches;
};
