/** Builds what goes over the wire, from front to back. */
export interface Writer {
  int8(value: number): void;
  int16(value: number): void;
  int32(value: number): void;
  int64(value: number): void;
  uint32(value: number): void;
  float64(value: number): void;
  /** Seven bits a byte, as lengths are written in flexible versions. */
  uvarint(value: number): void;
  /** The same, signed: zigzag. */
  varint(value: number): void;
  bytes(value: Buffer): void;
  /** Text without its length, which is `Buffer.byteLength(value)`. */
  text(value: string): void;
  /** Everything so far; a view. */
  buffer(): Buffer;
}

const FIRST_BYTES = 256;

/** A writer of nothing yet. */
export const createWriter = (): Writer => {
  let buffer = Buffer.allocUnsafe(FIRST_BYTES);
  let used = 0;
  const take = (bytes: number): number => {
    const from = used;
    used += bytes;
    if (used > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, used));
      buffer.copy(larger, 0, 0, from);
      buffer = larger;
    }
    return from;
  };
  // The buffer may be another one after `take`, so the place is taken first.
  const put = (bytes: number, write: (at: number) => void): void => write(take(bytes));
  const byte = (value: number): void =>
    put(1, (at) => {
      buffer[at] = value;
    });
  const uvarint = (value: number): void => {
    let left = value;
    for (; left >= 128; left = Math.floor(left / 128)) byte((left % 128) + 128);
    byte(left);
  };
  return {
    int8: (value) => put(1, (at) => buffer.writeInt8(value, at)),
    int16: (value) => put(2, (at) => buffer.writeInt16BE(value, at)),
    int32: (value) => put(4, (at) => buffer.writeInt32BE(value, at)),
    int64: (value) => put(8, (at) => buffer.writeBigInt64BE(BigInt(value), at)),
    uint32: (value) => put(4, (at) => buffer.writeUInt32BE(value, at)),
    float64: (value) => put(8, (at) => buffer.writeDoubleBE(value, at)),
    uvarint,
    varint: (value) => uvarint(value < 0 ? -value * 2 - 1 : value * 2),
    bytes: (value) => put(value.length, (at) => value.copy(buffer, at)),
    text: (value) => put(Buffer.byteLength(value), (at) => buffer.write(value, at)),
    buffer: () => buffer.subarray(0, used),
  };
};
