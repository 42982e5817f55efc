import { useEffect, useState } from '../ui.js';

/** Every view is a URL: this module alone reads and writes it. */
export const BASE = '/console';
const CHANGED = 'console:navigated';

/**
 * A link to a view.
 *
 * @param {string} path below the console, with a slash at its start
 * @param {Record<string, string | undefined>} [query]
 */
export const linkTo = (path, query = {}) => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, value);
  }
  return `${BASE}${path}${search.size === 0 ? '' : `?${search}`}`;
};

/**
 * @param {string} url
 * @param {{ replace?: boolean }} [options]
 */
export const navigate = (url, { replace = false } = {}) => {
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  dispatchEvent(new Event(CHANGED));
};

/**
 * Changes the query of the view at hand; undefined and empty values leave it.
 *
 * @param {Record<string, string | undefined>} changes
 * @param {{ replace?: boolean }} [options]
 */
export const changeQuery = (changes, options) => {
  const query = { ...Object.fromEntries(new URLSearchParams(location.search)), ...changes };
  navigate(linkTo(location.pathname.slice(BASE.length), query), options);
};

/** @param {string} text */
const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const readRoute = () => ({
  parts: location.pathname.slice(BASE.length).split('/').filter(Boolean).map(decoded),
  query: /** @type {Record<string, string | undefined>} */ (
    Object.fromEntries(new URLSearchParams(location.search))
  ),
  url: location.pathname + location.search,
});

/** @typedef {ReturnType<typeof readRoute>} Route */

/** The view that the URL names. */
export const useRoute = () => {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const read = () => setRoute(readRoute());
    addEventListener('popstate', read);
    addEventListener(CHANGED, read);
    return () => {
      removeEventListener('popstate', read);
      removeEventListener(CHANGED, read);
    };
  }, []);
  return route;
};

/** Has links within the console change the view without loading the page. @param {MouseEvent} event */
export const followLink = (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target !== '' || link.origin !== location.origin) return;
  if (!link.pathname.startsWith(`${BASE}/`)) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
};
