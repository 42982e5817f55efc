import { useEffect, useState } from '../ui.js';

const TICK_MS = 100;

/**
 * The time now, ten times a second while it is looked at.
 *
 * @param {boolean} ticks
 */
export const useNow = (ticks) => {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!ticks) return undefined;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [ticks]);
  return now;
};
