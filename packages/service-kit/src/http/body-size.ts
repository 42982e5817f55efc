/** The least that a value takes in JSON without what it holds: each entry brings a comma, but for the first. */
const ownBytes = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  return typeof value === 'object' && value !== null ? 1 : String(value).length;
};

/**
 * Whether a value that came as JSON takes more than so many bytes even in the shortest way of writing it. Not by writing
 * it: what is far too large, or nested too deeply for that, is not looked through to its end.
 */
export const isLargerThan = (limitBytes: number, value: unknown): boolean => {
  const open: unknown[] = [value];
  let bytes = 0;
  while (open.length > 0 && bytes <= limitBytes) {
    const next = open.pop();
    bytes += ownBytes(next);
    if (Array.isArray(next)) {
      bytes += next.length;
      if (bytes <= limitBytes) for (const entry of next) open.push(entry);
    } else if (typeof next === 'object' && next !== null) {
      for (const [name, entry] of Object.entries(next)) {
        bytes += Buffer.byteLength(name) + 4;
        open.push(entry);
      }
    }
  }
  return bytes > limitBytes;
};
