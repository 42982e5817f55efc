import { ApiError } from '../lib/api.js';
import { html, useState } from '../ui.js';

/**
 * What was written into a field, without the spaces around it.
 *
 * @param {FormData} data
 * @param {string} name
 */
export const field = (data, name) => {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
};

/**
 * A labelled field.
 *
 * @param {Record<string, unknown> & { label: string, hint?: string }} props the rest goes to the input
 */
export const Field = ({ label, hint, ...input }) =>
  html`<label class="field">
    <span>${label}</span>
    <input autocomplete="off" spellcheck=${false} ...${input} />
    ${hint && html`<small class="muted">${hint}</small>`}
  </label>`;

/**
 * Runs one thing at a time that somebody asked for, and keeps how it went.
 *
 * @returns {{ busy: boolean, error: ApiError | undefined, run: (action: () => Promise<void>) => Promise<void> }}
 */
export const useAction = () => {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {ApiError | undefined} */ (undefined));
  /** @param {() => Promise<void>} action */
  const run = async (action) => {
    setBusy(true);
    setError(undefined);
    try {
      await action();
    } catch (cause) {
      setError(cause instanceof ApiError ? cause : new ApiError(String(cause)));
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
};

/**
 * Has a form call a function instead of leaving the page.
 *
 * @param {(data: FormData, form: HTMLFormElement) => void} submit
 */
export const onSubmit =
  (submit) =>
  /** @param {SubmitEvent} event */
  (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    submit(new FormData(form), form);
  };
