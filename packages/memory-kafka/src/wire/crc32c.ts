const POLYNOMIAL = 0x82f6_3b78;
const BYTE_VALUES = 256;
const BITS = 8;

const entryOf = (byte: number): number => {
  let value = byte;
  for (let bit = 0; bit < BITS; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value >>> 0;
};

const TABLE = Uint32Array.from({ length: BYTE_VALUES }, (_, byte) => entryOf(byte));

/** The checksum of a batch of records: CRC-32C, which zlib does not have. */
export const crc32c = (bytes: Buffer): number => {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (crc >>> BITS) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffff_ffff) >>> 0;
};
