import { asCurl } from '../lib/api.js';
import { linkTo } from '../lib/router.js';
import { clockText, utcText } from '../lib/time.js';
import { html, useEffect, useState } from '../ui.js';

/** @import { ComponentChildren } from 'preact' */

/** @import { Asked } from '../lib/api.js' */

/** How long something may take before it is said what is waited for. */
const QUIET_MS = 200;
const COPIED_FOR_MS = 1_500;

/** @param {{ status: string, large?: boolean }} props */
export const Status = ({ status, large = false }) =>
  html`<span class=${`status ${large ? 'large' : ''}`} data-status=${status}>${status}</span>`;

/** The id that a row is about, which leads to its page and takes the keyboard's focus. @param {{ folder: string, id: string }} props */
export const RowLink = ({ folder, id }) =>
  html`<a data-row href=${linkTo(`/${folder}/${encodeURIComponent(id)}`)}><code>${id}</code></a>`;

/** A time in the reader's zone, in UTC under the pointer. @param {{ at: string | Date, fraction?: boolean }} props */
export const Time = ({ at, fraction = false }) => {
  const date = new Date(at);
  return html`<time datetime=${date.toISOString()} title=${utcText(date)}>
    ${clockText(date, { fraction })}
  </time>`;
};

/** Copies a text, and says so for a moment. @param {{ text: string, label: string, quiet?: boolean }} props */
export const Copy = ({ text, label, quiet = false }) => {
  const [copied, setCopied] = useState('');
  useEffect(() => {
    if (copied === '') return undefined;
    const timer = setTimeout(() => setCopied(''), COPIED_FOR_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied('Copied');
    } catch {
      setCopied('Not allowed here');
    }
  };
  return html`<button type="button" class=${quiet ? 'quiet' : ''} onClick=${copy} title=${text}>
    <span aria-live="polite">${copied || label}</span>
  </button>`;
};

/** What a view asks, for a shell. @param {{ path: string, asked?: Pick<Asked, 'method' | 'body' | 'headers'> }} props */
export const CopyCurl = ({ path, asked }) =>
  html`<${Copy} text=${asCurl(path, asked)} label="Copy as curl" quiet />`;

/** A request for a shell, to be read and copied. @param {{ title: string, command: string }} props */
export const Command = ({ title, command }) =>
  html`<div class="command">
    <p>${title}</p>
    <div><pre tabindex="0" aria-label=${title}><code>${command}</code></pre>
    <${Copy} text=${command} label="Copy" quiet /></div>
  </div>`;

/** Says what is waited for, once that takes longer than a glance. @param {{ what: string }} props */
export const Waiting = ({ what }) => {
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsShown(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  return html`<p class="waiting" role="status">${isShown ? `Waiting for ${what} …` : ''}</p>`;
};

/** @param {{ title: string, children?: ComponentChildren }} props */
export const Empty = ({ title, children }) =>
  html`<div class="empty">
    <p class="empty-title">${title}</p>
    ${children && html`<div class="muted">${children}</div>`}
  </div>`;

/** @param {{ at: Date | undefined }} props */
export const AsOf = ({ at }) =>
  at ? html`<span class="muted as-of">as of <${Time} at=${at} /></span>` : null;
