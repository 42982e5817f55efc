import { useCallback, useEffect, useRef, useState } from '../ui.js';
import { ApiError } from './api.js';

/**
 * @template T
 * @typedef {object} Loaded
 * @property {T | undefined} value the last that was answered, also while another is asked for
 * @property {ApiError | undefined} error of the last request
 * @property {Date | undefined} at when `value` was answered
 * @property {() => void} again
 */

/** @param {unknown} error */
const asApiError = (error) => (error instanceof ApiError ? error : new ApiError(String(error)));

/**
 * Asks when `key` changes, and again `everyMs` after each answer while the page is looked at.
 *
 * @template T
 * @param {string} key names what is asked for
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {{ everyMs?: number | undefined }} [options]
 * @returns {Loaded<T>}
 */
export const useAnswer = (key, load, { everyMs } = {}) => {
  const [state, setState] = useState(
    /** @type {{ key: string, value?: T, error?: ApiError, at?: Date }} */ ({ key }),
  );
  const [count, setCount] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const again = useCallback(() => setCount((before) => before + 1), []);

  useEffect(() => {
    const leaving = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const run = async () => {
      if (document.hidden) return later();
      try {
        const value = await latest.current(leaving.signal);
        if (!leaving.signal.aborted) setState({ key, value, at: new Date() });
      } catch (error) {
        if (leaving.signal.aborted) return;
        setState((before) => ({ ...(before.key === key ? before : {}), key, error: asApiError(error) }));
      }
      return later();
    };
    const later = () => {
      if (everyMs !== undefined && !leaving.signal.aborted) timer = setTimeout(run, everyMs);
    };
    void run();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [key, count, everyMs]);

  const isSame = state.key === key;
  return {
    value: isSame ? state.value : undefined,
    error: isSame ? state.error : undefined,
    at: isSame ? state.at : undefined,
    again,
  };
};
