import { useEffect, useRef, useState } from '../ui.js';
import { ApiError, openStream } from './api.js';

/** So many values are kept for what is drawn over time: two minutes at one a second. */
const MAX_KEPT = 120;
const RETRY_MS = 1_500;

/**
 * @template T
 * @typedef {object} Live
 * @property {readonly T[]} values the last ones, oldest first
 * @property {number | undefined} at when the last one came, by `performance.now()`
 * @property {ApiError | undefined} error why none come now
 */

/**
 * The events of a stream, as they come while the page is looked at; it connects again by itself.
 *
 * @template T
 * @param {string} path
 * @param {number} again changes to connect at once
 * @returns {Live<T>}
 */
export const useLive = (path, again = 0) => {
  const [state, setState] = useState(
    /** @type {Live<T>} */ ({ values: [], at: undefined, error: undefined }),
  );
  const [isSeen, setIsSeen] = useState(!document.hidden);
  const latest = useRef(state);
  latest.current = state;

  useEffect(() => {
    const look = () => setIsSeen(!document.hidden);
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);

  useEffect(() => {
    if (!isSeen) return undefined;
    const leaving = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @param {string} data */
    const take = (data) =>
      setState(({ values }) => ({
        values: [...values.slice(1 - MAX_KEPT), /** @type {T} */ (JSON.parse(data))],
        at: performance.now(),
        error: undefined,
      }));
    const run = async () => {
      let error = new ApiError('The stream ended');
      try {
        await openStream(path, leaving.signal, take);
      } catch (thrown) {
        error = thrown instanceof ApiError ? thrown : new ApiError('The gateway cannot be reached');
      }
      if (leaving.signal.aborted) return;
      setState((before) => ({ ...before, error }));
      if (!error.needsToken) timer = setTimeout(() => void run(), RETRY_MS);
    };
    void run();
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [path, again, isSeen]);
  return state;
};
