import { act } from '../lib/letters.js';
import { keep, kept } from '../lib/session.js';
import { useAnswer } from '../lib/use-answer.js';
import { html, useState } from '../ui.js';
import { Waiting } from './bits.js';
import { Dialog } from './dialog.js';
import { Failure } from './failure.js';
import { Field, field, onSubmit, useAction } from './form.js';

/** @import { Action, Outcome, Target } from '../lib/letters.js' */

const MAX_SHOWN = 50;

const WORDS = /** @type {const} */ ({
  redrive: {
    title: 'Redrive',
    would: 'would go back to the group that failed',
    done: () => 'went back to the group that failed',
    means:
      'The group processes each like any other message. It reads the state of the order first, so a late one does no harm.',
    hint: 'What has changed, so that it will not fail again',
  },
  discard: {
    title: 'Discard',
    would: 'would be discarded',
    done: (/** @type {number} */ count) => `${count === 1 ? 'is' : 'are'} discarded now`,
    means: 'They are not processed any more, and are kept as a record.',
    hint: 'Why they are not needed',
  },
});

/** @param {number} count */
const letterCount = (count) => `${count} dead ${count === 1 ? 'letter' : 'letters'}`;

/** What would be done, or was done, letter by letter. @param {Outcome} props */
const Letters = ({ letters, leftOut }) =>
  html`<div class="plan" tabindex="0" role="group" aria-label="The letters">
    <ul>
      ${letters.slice(0, MAX_SHOWN).map(
        ({ letterId, reason, orderId, group }) =>
          html`<li key=${letterId}>
            <code>${orderId ?? letterId.slice(0, 8)}</code> <span class="muted">${group}: ${reason}</span>
          </li>`,
      )}
      ${letters.length > MAX_SHOWN && html`<li class="muted">and ${letters.length - MAX_SHOWN} more</li>`}
    </ul>
    ${
      leftOut.length > 0 &&
      html`<p class="left-out"><b>${letterCount(leftOut.length)} left out</b></p>
      <ul>
        ${leftOut
          .slice(0, MAX_SHOWN)
          .map(
            ({ letterId, why }) =>
              html`<li key=${letterId}><code>${letterId.slice(0, 8)}</code> <span class="muted">${why}</span></li>`,
          )}
      </ul>`
    }
  </div>`;

/** @param {{ action: Action, outcome: Outcome, onClose: () => void }} props */
const Done = ({ action, outcome, onClose }) =>
  html`<p role="status"><b>${letterCount(outcome.letters.length)}</b> ${WORDS[action].done(outcome.letters.length)}.</p>
    <${Letters} ...${outcome} />
    <div class="actions end"><button type="button" class="primary" onClick=${onClose}>Close</button></div>`;

/** @param {{ value: boolean, onChange: (value: boolean) => void }} props */
const Force = ({ value, onChange }) =>
  html`<label class="check">
    <input type="checkbox" checked=${value} onChange=${() => onChange(!value)} />
    <span>Redrive it although it has failed as often as it may</span>
  </label>`;

/**
 * @typedef {object} Props
 * @property {Action} action
 * @property {Target} target
 * @property {() => void} onClose
 * @property {() => void} onDone
 */

/**
 * Shows what an action would do, asks why, does it, and shows what came of it.
 *
 * @param {Props} props
 */
export const LetterAction = ({ action, target, onClose, onDone }) => {
  const words = WORDS[action];
  const [force, setForce] = useState(false);
  const [hasLimit, setHasLimit] = useState(false);
  const [progress, setProgress] = useState(0);
  const [outcome, setOutcome] = useState(/** @type {Outcome | undefined} */ (undefined));
  const { busy, error, run } = useAction();
  const isOne = 'ids' in target && target.ids.length === 1;
  const plan = useAnswer(`${action} ${force}`, async (signal) => {
    const note = { note: 'dry run' };
    const found = await act(
      { action, target, force, by: kept('operator') || 'console', ...note, dryRun: true },
      { signal },
    );
    if (action === 'redrive' && isOne && found.leftOut.length > 0) setHasLimit(true);
    return found;
  });
  const count = plan.value?.letters.length ?? 0;

  /** @param {FormData} data */
  const submit = (data) =>
    run(async () => {
      const by = field(data, 'by');
      keep('operator', by);
      const command = { action, target, force, by, note: field(data, 'note'), dryRun: false };
      setOutcome(await act(command, { onProgress: setProgress }));
      onDone();
    });

  return html`<${Dialog} title=${`${words.title} dead letters`} onClose=${onClose} wide>
    ${
      outcome
        ? html`<${Done} action=${action} outcome=${outcome} onClose=${onClose} />`
        : html`${plan.error && html`<${Failure} error=${plan.error} again=${plan.again} />`}
          ${!plan.value && !plan.error && html`<${Waiting} what="the dry run" />`}
          ${
            plan.value &&
            html`<p><b>${letterCount(count)}</b> ${words.would}. <span class="muted">${words.means}</span></p>
            <${Letters} ...${plan.value} />`
          }
          ${hasLimit && html`<${Force} value=${force} onChange=${setForce} />`}
          <form onSubmit=${onSubmit(submit)}>
            <${Field} label="Reason" name="note" required maxlength="200" hint=${words.hint} data-focus />
            <${Field} label="Your name" name="by" required maxlength="200" defaultValue=${kept('operator')} />
            ${error && html`<${Failure} error=${error} />`}
            ${
              busy &&
              html`<progress max=${count} value=${progress} aria-label="Progress"></progress>
              <p class="muted" role="status">${progress} of ${count}</p>`
            }
            <div class="actions end">
              <button type="button" onClick=${onClose}>Cancel</button>
              <button type="submit" class=${action === 'discard' ? 'danger' : 'primary'} disabled=${busy || count === 0}>
                ${words.title} ${letterCount(count)}
              </button>
            </div>
          </form>`
    }
  </${Dialog}>`;
};
