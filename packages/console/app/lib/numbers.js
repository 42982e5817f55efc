const WHOLE = new Intl.NumberFormat('en-GB');
const SHORT = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 });
const MANY = 100_000;

/** All digits, as long as they fit. @param {number} value */
export const countText = (value) => (value < MANY ? WHOLE.format(value) : SHORT.format(value));

/** @param {number} value */
export const exactText = (value) => WHOLE.format(value);

/**
 * How a number has gone lately: by the mean of its last third against that of its first one.
 *
 * @param {readonly number[]} values oldest first
 * @returns {'rising' | 'falling' | 'steady'}
 */
export const trendOf = (values) => {
  const third = Math.floor(values.length / 3);
  if (third < 2) return 'steady';
  /** @param {readonly number[]} some */
  const mean = (some) => some.reduce((sum, value) => sum + value, 0) / some.length;
  const [first, last] = [mean(values.slice(0, third)), mean(values.slice(-third))];
  const margin = Math.max(1, first * 0.1);
  return last > first + margin ? 'rising' : last < first - margin ? 'falling' : 'steady';
};
