const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/**
 * A time in the reader's zone: the clock alone for today.
 *
 * @param {Date} at
 * @param {{ fraction?: boolean }} [options] with milliseconds
 */
export const clockText = (at, { fraction = false } = {}) => {
  const now = new Date();
  const clock = CLOCK.format(at) + (fraction ? `.${String(at.getMilliseconds()).padStart(3, '0')}` : '');
  if (at.toDateString() === now.toDateString()) return clock;
  return `${(at.getFullYear() === now.getFullYear() ? DAY : DAY_OF_YEAR).format(at)}, ${clock}`;
};

/** @param {Date} at */
export const utcText = (at) => `${at.toISOString().replace('T', ' ').replace('Z', '')} UTC`;

/**
 * Two units at most: 850 ms, 12.3 s, 1 min 12 s, 2 h 5 min, 3 d 4 h.
 *
 * @param {number} ms
 */
export const durationText = (ms) => {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  /** @type {readonly [number, string, number, string]} */
  const [big, bigName, small, smallName] =
    ms < HOUR_MS
      ? [MINUTE_MS, 'min', SECOND_MS, 's']
      : ms < DAY_MS
        ? [HOUR_MS, 'h', MINUTE_MS, 'min']
        : [DAY_MS, 'd', HOUR_MS, 'h'];
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
};
