/** Writes down what happens to whom. */
export type Trace = (who: string, what: string, fields?: Readonly<Record<string, unknown>>) => void;

const shown = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');

/**
 * @param since answers the milliseconds since the start of the simulation
 * @param write takes one line; without it nothing is written
 */
export const createTrace = (since: () => number, write: ((line: string) => void) | undefined): Trace => {
  if (!write) return () => undefined;
  return (who, what, fields = {}) => {
    const at = (since() / 1_000).toFixed(4).padStart(9);
    write(`${at}  ${who.padEnd(16)}  ${what}${Object.keys(fields).length > 0 ? `  ${shown(fields)}` : ''}`);
  };
};
