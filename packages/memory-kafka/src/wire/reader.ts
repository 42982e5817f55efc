/** What came over the wire, read from front to back. Everything throws RangeError where the bytes end too early. */
export interface Reader {
  int8(): number;
  int16(): number;
  int32(): number;
  /** Numbers beyond 2^53 lose their last digits; no offset and no time is that large. */
  int64(): number;
  uint32(): number;
  float64(): number;
  /** Seven bits a byte, as lengths are written in flexible versions. */
  uvarint(): number;
  /** The same, signed: zigzag. */
  varint(): number;
  /** A view, not a copy. */
  bytes(length: number): Buffer;
  at(): number;
  left(): number;
}

/** A reader of `buffer`, from its first byte on. */
export const createReader = (buffer: Buffer): Reader => {
  let at = 0;
  const take = (bytes: number): number => {
    const from = at;
    if (bytes < 0 || from + bytes > buffer.length) throw new RangeError('The bytes end too early');
    at += bytes;
    return from;
  };
  // Up to 64 bits, in doubles: shifts would end at 32.
  const uvarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = buffer[take(1)] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  return {
    int8: () => buffer.readInt8(take(1)),
    int16: () => buffer.readInt16BE(take(2)),
    int32: () => buffer.readInt32BE(take(4)),
    int64: () => Number(buffer.readBigInt64BE(take(8))),
    uint32: () => buffer.readUInt32BE(take(4)),
    float64: () => buffer.readDoubleBE(take(8)),
    uvarint,
    varint: () => {
      const value = uvarint();
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
    bytes: (length) => {
      const from = take(length);
      return buffer.subarray(from, from + length);
    },
    at: () => at,
    left: () => buffer.length - at,
  };
};
