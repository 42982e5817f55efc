import { html } from '../ui.js';

/** @import { ApiError } from '../lib/api.js' */

/** Asks for the operator's dialog, wherever one is. */
export const ASK_FOR_TOKEN = 'console:ask-for-token';

/**
 * What the API refused, in its own words.
 *
 * @param {{ error: ApiError, again?: (() => void) | undefined }} props
 */
export const Failure = ({ error, again }) =>
  html`<div class="failure" role="alert">
    <p>${error.message}</p>
    <p class="muted">
      ${error.status > 0 ? `${error.status} ` : ''}${error.code}${
        error.requestId ? html` · request <code>${error.requestId}</code>` : ''
      }
    </p>
    <div class="actions">
      ${
        error.needsToken &&
        html`<button type="button" class="primary" onClick=${() => dispatchEvent(new Event(ASK_FOR_TOKEN))}>
        Enter a token
      </button>`
      }
      ${again && html`<button type="button" onClick=${again}>Try again</button>`}
    </div>
  </div>`;
