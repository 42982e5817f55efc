import { ask } from '../lib/api.js';
import { linkTo, navigate } from '../lib/router.js';
import { Failure } from '../parts/failure.js';
import { Field, field, onSubmit, useAction } from '../parts/form.js';
import { Page } from '../parts/page.js';
import { html } from '../ui.js';

/** @param {string} userId */
const open = (userId) => navigate(linkTo(`/users/${encodeURIComponent(userId)}`));

const Find = () =>
  html`<section class="card">
    <h2>Find a user</h2>
    <form onSubmit=${onSubmit((data) => open(field(data, 'userId')))}>
      <${Field} label="User id" name="userId" required hint="Shows the user and all of the user's orders" />
      <div class="actions"><button type="submit">Show</button></div>
    </form>
  </section>`;

const Register = () => {
  const { busy, error, run } = useAction();
  /** @param {FormData} data */
  const register = (data) =>
    run(async () => {
      const userId = field(data, 'userId');
      const body = { userId, name: field(data, 'name'), email: field(data, 'email') };
      await ask('/api/users', { method: 'POST', body });
      open(userId);
    });
  return html`<section class="card">
    <h2>Register a user</h2>
    <form onSubmit=${onSubmit(register)}>
      <${Field} label="Id" name="userId" required />
      <${Field} label="Name" name="name" required />
      <${Field} label="Email" name="email" type="email" required />
      ${error && html`<${Failure} error=${error} />`}
      <div class="actions"><button type="submit" class="primary" disabled=${busy}>Register</button></div>
    </form>
  </section>`;
};

export const UsersPage = () =>
  html`<${Page} title="Users">
    <div class="columns even"><${Find} /><${Register} /></div>
  </${Page}>`;
