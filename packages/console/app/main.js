import { followLink, linkTo, navigate, useRoute } from './lib/router.js';
import { applyTheme, readTheme } from './lib/theme.js';
import { Empty } from './parts/bits.js';
import { Frame } from './parts/frame.js';
import { Page } from './parts/page.js';
import { ActionsPage } from './pages/actions.js';
import { AuditPage } from './pages/audit.js';
import { DeadLetterPage } from './pages/dead-letter.js';
import { DeadLettersPage } from './pages/dead-letters.js';
import { InventoryPage } from './pages/inventory.js';
import { ItemPage } from './pages/item.js';
import { OrderPage } from './pages/order.js';
import { OrdersPage } from './pages/orders.js';
import { OverviewPage } from './pages/overview.js';
import { SearchPage } from './pages/search.js';
import { StuckPage } from './pages/stuck.js';
import { TryPage } from './pages/try.js';
import { UserPage } from './pages/user.js';
import { UsersPage } from './pages/users.js';
import { html, render, useEffect, useState } from './ui.js';

/** @import { ComponentType } from 'preact' */

/** @import { Route } from './lib/router.js' */

/** The views of many, by the first part of the path. @type {ReadonlyMap<string, ComponentType<Route>>} */
const LISTS = new Map(
  Object.entries({
    overview: OverviewPage,
    orders: OrdersPage,
    'dead-letters': DeadLettersPage,
    stuck: StuckPage,
    inventory: InventoryPage,
    users: UsersPage,
    actions: ActionsPage,
    audit: AuditPage,
    try: TryPage,
    search: SearchPage,
  }),
);

/** The views of one, by the first part of the path. @type {ReadonlyMap<string, ComponentType<{ id: string } & Route>>} */
const DETAILS = new Map(
  Object.entries({ orders: OrderPage, 'dead-letters': DeadLetterPage, inventory: ItemPage, users: UserPage }),
);

const START = 'overview';

const NoSuchPage = () =>
  html`<${Page} title="Nothing here">
    <${Empty} title="There is no such view."><a href=${linkTo('/')}>Go to the start</a></${Empty}>
  </${Page}>`;

/** @param {Route} route */
const View = (route) => {
  const [view = START, id, ...more] = route.parts;
  const List = LISTS.get(view);
  const Detail = DETAILS.get(view);
  if (more.length > 0 || !List) return html`<${NoSuchPage} />`;
  if (id === undefined) return html`<${List} key=${view} ...${route} />`;
  return Detail ? html`<${Detail} key=${id} id=${id} ...${route} />` : html`<${NoSuchPage} />`;
};

const App = () => {
  const route = useRoute();
  const [identity, setIdentity] = useState(0);
  const [view] = route.parts;
  useEffect(() => {
    if (view === undefined) navigate(linkTo(`/${START}`), { replace: true });
  }, [view]);
  return html`<${Frame} current=${view ?? START} onIdentity=${() => setIdentity((before) => before + 1)}>
    <${View} key=${identity} ...${route} />
  </${Frame}>`;
};

applyTheme(readTheme());
document.addEventListener('click', followLink);
const place = document.querySelector('#app');
if (place) render(html`<${App} />`, place);
