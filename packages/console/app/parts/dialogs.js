import { KEYS } from '../lib/keyboard.js';
import { keep, kept } from '../lib/session.js';
import { html } from '../ui.js';
import { Dialog } from './dialog.js';
import { Field, field, onSubmit } from './form.js';

/** @param {{ onClose: () => void }} props */
export const KeysDialog = ({ onClose }) =>
  html`<${Dialog} title="Keys" onClose=${onClose}>
    <dl class="keys">
      ${KEYS.map(
        ([keys, does]) =>
          html`<div key=${keys}>
            <dt>${keys.split(/\s+/).map((key) => html`<kbd key=${key}>${key}</kbd>`)}</dt>
            <dd>${does}</dd>
          </div>`,
      )}
    </dl>
  </${Dialog}>`;

/** @param {{ onClose: () => void, onChange: () => void }} props */
export const TokenDialog = ({ onClose, onChange }) => {
  /** @param {FormData} data */
  const save = (data) => {
    keep('token', field(data, 'token'));
    keep('operator', field(data, 'operator'));
    onChange();
    onClose();
  };
  return html`<${Dialog} title="Who you are" onClose=${onClose}>
    <form onSubmit=${onSubmit(save)}>
      <p class="muted">
        Only for a gateway that asks for a token. It is kept in this tab, sent to this gateway alone, and gone when the tab
        is closed.
      </p>
      <${Field} label="Token" name="token" type="password" defaultValue=${kept('token')} data-focus />
      <${Field}
        label="Your name"
        name="operator"
        maxlength="200"
        defaultValue=${kept('operator')}
        hint="Written beside what you do with dead letters"
      />
      <div class="actions end">
        <button type="button" onClick=${onClose}>Cancel</button>
        <button type="submit" class="primary">Use it</button>
      </div>
    </form>
  </${Dialog}>`;
};
