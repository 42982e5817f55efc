import { ask, withQuery } from '../lib/api.js';
import { useAnswer } from '../lib/use-answer.js';
import { AsOf, Copy, CopyCurl, Empty, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { OrderTable } from '../parts/order-table.js';
import { Page, Pager } from '../parts/page.js';
import { html } from '../ui.js';

/** @import { Order, StoredUser } from '@order-pipeline/contracts' */

/** @import { Route } from '../lib/router.js' */

const PAGE_SIZE = 50;
const REFRESH_MS = 3_000;

/** @param {{ userId: string, cursor: string | undefined }} props */
const Orders = ({ userId, cursor }) => {
  const path = withQuery(`/api/orders/user/${encodeURIComponent(userId)}`, { limit: PAGE_SIZE, cursor });
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<Order[]>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  return html`<div class="section-head">
      <h2>Orders</h2>
      <div class="tools"><${AsOf} at=${at} /><${CopyCurl} path=${path} /></div>
    </div>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the orders" />`}
    ${value?.body.length === 0 && html`<${Empty} title="This user has no orders." />`}
    ${value && value.body.length > 0 && html`<${OrderTable} orders=${value.body} withUser=${false} />`}
    ${value && html`<${Pager} cursor=${cursor} next=${value.next} />`}`;
};

/** @param {{ id: string } & Route} props */
export const UserPage = ({ id, query: { cursor } }) => {
  const path = `/api/users/${encodeURIComponent(id)}`;
  const { value, error, again } = useAnswer(path, (signal) =>
    /** @type {typeof ask<StoredUser>} */ (ask)(path, { signal }),
  );
  const user = value?.body;
  const heading = html`<span class="muted">User</span> <code>${id}</code>`;
  return html`<${Page} title=${id} heading=${heading} tools=${html`<${Copy} text=${id} label="Copy the id" quiet />`}>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the user" />`}
    ${
      user &&
      html`<p class="subtitle">
        ${
          user.erasedAt === undefined
            ? html`${user.name} · <a href=${`mailto:${user.email}`}>${user.email}</a>`
            : `This user was erased: ${user.erasedAt}`
        }
      </p>
      <${Orders} userId=${id} cursor=${cursor} />`
    }
  </${Page}>`;
};
