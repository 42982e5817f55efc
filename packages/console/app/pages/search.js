import { ApiError, ask } from '../lib/api.js';
import { linkTo, navigate } from '../lib/router.js';
import { useAnswer } from '../lib/use-answer.js';
import { Empty, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { Page } from '../parts/page.js';
import { html, useEffect } from '../ui.js';

/** @import { Route } from '../lib/router.js' */

/** What can be called by an id: where the API has it, and where the console shows it. */
const KINDS = /** @type {const} */ ([
  ['Order', '/api/orders/', '/orders/'],
  ['User', '/api/users/', '/users/'],
  ['Item', '/api/inventory/', '/inventory/'],
]);

/**
 * Everything that has a certain id.
 *
 * @param {string} id
 * @param {AbortSignal} signal
 */
const find = async (id, signal) => {
  const found = await Promise.all(
    KINDS.map(async ([kind, api, view]) => {
      const shown = [{ kind, url: linkTo(view + encodeURIComponent(id)) }];
      try {
        await ask(api + encodeURIComponent(id), { signal });
        return shown;
      } catch (error) {
        // An order that was archived: its page says where it is.
        if (error instanceof ApiError && error.status === 410) return shown;
        if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return [];
        throw error;
      }
    }),
  );
  return found.flat();
};

/** @param {Route} props */
export const SearchPage = ({ query: { q = '' } }) => {
  const { value, error, again } = useAnswer(q, (signal) => find(q, signal));
  const only = value?.length === 1 ? value[0] : undefined;
  useEffect(() => {
    if (only) navigate(only.url, { replace: true });
  }, [only]);
  return html`<${Page} title="Search" heading=${html`<span class="muted">Search</span> <code>${q}</code>`}>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="orders, users and inventory" />`}
    ${
      value?.length === 0 &&
      html`<${Empty} title="No order, user or item has this id.">
      Ids are exact: <code>Order-1</code> is not <code>order-1</code>.
    </${Empty}>`
    }
    ${
      value &&
      value.length > 1 &&
      html`<ul class="found">
      ${value.map(
        ({ kind, url }) => html`<li key=${kind}><a data-row href=${url}>${kind} <code>${q}</code></a></li>`,
      )}
    </ul>`
    }
  </${Page}>`;
};
