/** A number with its thousands set apart. */
export const formatCount = (value: number): string => value.toLocaleString('en-US');

/** A number with what it counts: `1 order`, `2 orders`. */
export const countOf = (value: number, noun: string): string =>
  `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;
