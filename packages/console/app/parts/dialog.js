import { html, useEffect, useRef } from '../ui.js';

/** @import { ComponentChildren } from 'preact' */

let count = 0;

/**
 * A modal dialog of the browser's own: it holds the focus, and Escape closes it.
 *
 * @param {{ title: string, onClose: () => void, wide?: boolean, children?: ComponentChildren }} props
 */
export const Dialog = ({ title, onClose, wide = false, children }) => {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useRef('');
  if (id.current === '') id.current = `dialog-${(count += 1)}`;
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    const first = dialog.current?.querySelector('[data-focus]');
    if (first instanceof HTMLElement) first.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return html`<dialog ref=${dialog} class=${wide ? 'wide' : ''} aria-labelledby=${id.current} onClose=${onClose}>
    <header>
      <h2 id=${id.current}>${title}</h2>
      <button type="button" class="quiet icon" aria-label="Close" onClick=${onClose}>✕</button>
    </header>
    ${children}
  </dialog>`;
};

/**
 * Asks whether something is meant that cannot be undone.
 *
 * @param {{ title: string, action: string, busy: boolean, onDo: () => void, onClose: () => void, children?: ComponentChildren }} props
 */
export const Confirm = ({ title, action, busy, onDo, onClose, children }) =>
  html`<${Dialog} title=${title} onClose=${onClose}>
    ${children}
    <div class="actions end">
      <button type="button" onClick=${onClose}>Keep it</button>
      <button type="button" class="danger" disabled=${busy} onClick=${onDo}>${action}</button>
    </div>
  </${Dialog}>`;
