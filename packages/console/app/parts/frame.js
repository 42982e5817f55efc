import { listenToKeys } from '../lib/keyboard.js';
import { linkTo, navigate } from '../lib/router.js';
import { kept } from '../lib/session.js';
import { applyTheme, readTheme, THEMES } from '../lib/theme.js';
import { useLinks } from '../lib/use-links.js';
import { html, useEffect, useState } from '../ui.js';
import { KeysDialog, TokenDialog } from './dialogs.js';
import { ASK_FOR_TOKEN } from './failure.js';
import { field, onSubmit } from './form.js';

/** @import { ComponentChildren } from 'preact' */

/** The views, in the order of the bar. */
const VIEWS = /** @type {const} */ ([
  ['overview', 'Overview'],
  ['orders', 'Orders'],
  ['dead-letters', 'Dead letters'],
  ['stuck', 'Stuck'],
  ['inventory', 'Inventory'],
  ['users', 'Users'],
  ['actions', 'Actions'],
  ['audit', 'Audit'],
]);

/** Only where the gateway has it. */
const SANDBOX_VIEW = /** @type {const} */ (['try', 'Try it']);

const THEME_SIGNS = /** @type {const} */ ({ auto: '◐', light: '☀', dark: '☾' });

const Search = () => {
  /**
   * @param {FormData} data
   * @param {HTMLFormElement} form
   */
  const search = (data, form) => {
    const q = field(data, 'q');
    if (q === '') return;
    form.reset();
    // The keys are those of the view again.
    document.querySelector('main')?.focus();
    navigate(linkTo('/search', { q }));
  };
  return html`<form class="search" role="search" onSubmit=${onSubmit(search)}>
    <input
      type="search"
      name="q"
      placeholder="Order, user or item id"
      aria-label="Find an order, user or item by its id"
      aria-keyshortcuts="/"
      autocomplete="off"
      spellcheck=${false}
    />
    <kbd aria-hidden="true">/</kbd>
  </form>`;
};

/** @param {{ current: string | undefined }} props */
const Views = ({ current }) => {
  const links = useLinks();
  const views = links?.['sandbox'] === undefined ? VIEWS : [...VIEWS, SANDBOX_VIEW];
  useEffect(() => {
    // A narrow bar shows some of the views only.
    document.querySelector('nav a[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current, views.length]);
  return html`<nav aria-label="Views">
    ${views.map(
      ([path, label]) =>
        html`<a key=${path} href=${linkTo(`/${path}`)} aria-current=${path === current ? 'page' : undefined}>
          ${label}
        </a>`,
    )}
  </nav>`;
};

/** @param {{ onTheme: () => void, onToken: () => void, onHelp: () => void, theme: keyof typeof THEME_SIGNS }} props */
const Buttons = ({ onTheme, onToken, onHelp, theme }) =>
  html`<div class="buttons">
    <button
      type="button"
      class="quiet icon"
      title="Colours: ${theme}"
      aria-label=${`Colours: ${theme}`}
      onClick=${onTheme}
    >
      ${THEME_SIGNS[theme]}
    </button>
    <button type="button" class="quiet icon" title="Keys" aria-label="Keys" onClick=${onHelp}>?</button>
    <button type="button" class="quiet" title="The token of an operator, and your name" onClick=${onToken}>
      ${kept('operator') || (kept('token') === '' ? 'No token' : 'Token set')}
    </button>
  </div>`;

/**
 * What is around every view.
 *
 * @param {{ current: string | undefined, children?: ComponentChildren, onIdentity: () => void }} props
 */
export const Frame = ({ current, children, onIdentity }) => {
  const [theme, setTheme] = useState(readTheme);
  const [open, setOpen] = useState(/** @type {'keys' | 'token' | undefined} */ (undefined));
  const close = () => setOpen(undefined);
  const nextTheme = () =>
    setTheme((before) => THEMES[(THEMES.indexOf(before) + 1) % THEMES.length] ?? 'auto');
  useEffect(() => applyTheme(theme), [theme]);
  useEffect(() => {
    const askForToken = () => setOpen('token');
    addEventListener(ASK_FOR_TOKEN, askForToken);
    const stop = listenToKeys({ onHelp: () => setOpen('keys'), onTheme: nextTheme });
    return () => {
      removeEventListener(ASK_FOR_TOKEN, askForToken);
      stop();
    };
  }, []);
  return html`<a class="skip" href="#main">To the content</a>
    <header class="bar">
      <a class="brand" href=${linkTo('/')} aria-label="Order pipeline"><i></i><i></i><i></i></a>
      <${Views} current=${current} />
      <${Search} />
      <${Buttons}
        theme=${theme}
        onTheme=${nextTheme}
        onHelp=${() => setOpen('keys')}
        onToken=${() => setOpen('token')}
      />
    </header>
    <main id="main" tabindex="-1">${children}</main>
    ${open === 'keys' && html`<${KeysDialog} onClose=${close} />`}
    ${open === 'token' && html`<${TokenDialog} onClose=${close} onChange=${onIdentity} />`}`;
};
