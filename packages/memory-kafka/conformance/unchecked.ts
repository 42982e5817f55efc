/** Takes a value past the compiler, as a caller in plain JavaScript would hand it in. */
export function unchecked(value: unknown): never;
export function unchecked(value: unknown): unknown {
  return value;
}
