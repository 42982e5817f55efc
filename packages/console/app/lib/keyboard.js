import { linkTo, navigate } from './router.js';

/** The keys, as `?` lists them. */
export const KEYS = /** @type {const} */ ([
  ['/', 'search'],
  ['j  k', 'next, previous row'],
  ['Enter', 'open the row'],
  ['n', 'next page, or look further'],
  ['x', 'select the row (dead letters)'],
  ['g v', 'overview'],
  ['g o', 'orders'],
  ['g d', 'dead letters'],
  ['g s', 'stuck orders'],
  ['g i', 'inventory'],
  ['g u', 'users'],
  ['g c', 'operator actions'],
  ['g a', 'audit'],
  ['g t', 'try it, where that is'],
  ['t', 'light, dark or as the system has it'],
  ['?', 'this list'],
  ['Esc', 'close, leave the field'],
]);

/** @type {Readonly<Record<string, string>>} */
const GO = {
  v: '/overview',
  o: '/orders',
  d: '/dead-letters',
  s: '/stuck',
  i: '/inventory',
  u: '/users',
  c: '/actions',
  a: '/audit',
  t: '/try',
};
const GO_WITHIN_MS = 1_000;

/** @param {EventTarget | null} target */
const isTyping = (target) =>
  target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select');

const rows = () =>
  [...document.querySelectorAll('main [data-row]')].filter((row) => row instanceof HTMLElement);

/** @param {number} by */
const moveRow = (by) => {
  const all = rows();
  const current = document.activeElement?.closest('tr, li')?.querySelector('[data-row]');
  const at = all.findIndex((row) => row === current);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
};

const focusSearch = () => {
  const search = document.querySelector('input[type=search]');
  if (search instanceof HTMLInputElement) search.select();
};

const selectRow = () => {
  const box = document.activeElement?.closest('tr, li')?.querySelector('input[type=checkbox]');
  if (box instanceof HTMLInputElement) box.click();
};

const nextPage = () => {
  const next = document.querySelector('main [data-next]:not(:disabled)');
  if (next instanceof HTMLElement) next.click();
};

/**
 * Listens to keys until the returned function is called.
 *
 * @param {{ onHelp: () => void, onTheme: () => void }} actions
 */
export const listenToKeys = ({ onHelp, onTheme }) => {
  let goSince = -Infinity;
  /** @type {Readonly<Record<string, () => void>>} */
  const actions = {
    '/': focusSearch,
    j: () => moveRow(1),
    k: () => moveRow(-1),
    n: nextPage,
    x: selectRow,
    t: onTheme,
    '?': onHelp,
    g: () => (goSince = performance.now()),
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (isTyping(event.target)) {
      if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
      return;
    }
    const path = performance.now() - goSince < GO_WITHIN_MS ? GO[event.key] : undefined;
    goSince = -Infinity;
    const action = path === undefined ? actions[event.key] : () => navigate(linkTo(path));
    if (!action) return;
    event.preventDefault();
    action();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
};
