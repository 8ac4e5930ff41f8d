/** @param {unknown} value */
const escaped = (value) => String(value).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/**
 * Sends a page of the provider's own: never framed, no script but its own files.
 * @param {object} ctx Koa's context
 * @param {{ title: string, body: string, status?: number, formTargets?: string[], script?: string }} page
 */
function send(ctx, { title, body, status = 200, formTargets = [], script }) {
  const targets = [...new Set(formTargets.map((uri) => new URL(uri).origin))];
  ctx.status = status;
  ctx.type = 'html';
  ctx.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': [
      "default-src 'none'",
      "style-src 'self'",
      "script-src 'self'",
      "img-src 'self'",
      `form-action ${["'self'", ...targets].join(' ')}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  });
  ctx.body = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escaped(title)} · Harbour ID</title>
    <link rel="icon" href="/assets/provider.svg">
    <link rel="stylesheet" href="/assets/provider.css">${script ? `\n    <script src="${script}" defer></script>` : ''}
  </head>
  <body>
    <header class="brand"><img src="/assets/provider.svg" alt="" width="28" height="28"> Harbour ID</header>
    <main class="card">
${body}
    </main>
    <footer>A demo OpenID Provider on your own machine.</footer>
  </body>
</html>
`;
}

/**
 * The password form.
 * @param {object} ctx
 * @param {{ uid: string, client: object, username: string, failed: boolean, users: object[] }} page
 */
export function loginPage(ctx, { uid, client, username, failed, users }) {
  const error = failed
    ? '<p class="error" id="error" role="alert">That user name and password do not match. Try again.</p>'
    : '';
  const described = failed ? ' aria-invalid="true" aria-describedby="error"' : '';
  // The caret goes where typing is needed.
  const [nameFocus, passwordFocus] = username ? ['', ' autofocus'] : [' autofocus', ''];
  const hints = users.map(
    ({ sub }) => `<li><code>${escaped(sub)}</code> with password <code>${escaped(sub)}</code></li>`,
  );
  send(ctx, {
    title: 'Sign in',
    status: failed ? 422 : 200,
    formTargets: client.redirectUris,
    body: `
      <h1>Sign in</h1>
      <p class="lead">to continue to <strong>${escaped(client.clientName)}</strong></p>
      ${error}
      <form method="post" action="/interaction/${escaped(uid)}/login">
        <label for="username">User name</label>
        <input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required
          value="${escaped(username)}"${nameFocus}${described}>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required${passwordFocus}${described}>
        <button class="primary" type="submit">Sign in</button>
      </form>
      <form method="post" action="/interaction/${escaped(uid)}/abort">
        <button class="quiet" type="submit">Cancel</button>
      </form>
      <aside class="hint" aria-label="Demo users">
        <p>This is a demo. You may sign in as</p>
        <ul>${hints.join('')}</ul>
      </aside>`,
  });
}

const SCOPES = {
  openid: ['Sign you in', 'Learn that you have an account here'],
  profile: ['See your profile', 'Name, birthday, language and time zone'],
  email: ['See your email address', 'And whether it is verified'],
  phone: ['See your phone number', 'And whether it is verified'],
  address: ['See your postal address', ''],
  offline_access: ['Keep you signed in', 'Renew its access while you are away'],
  'read:orders': ['Read your orders', 'At the orders API'],
  'write:orders': ['Place orders for you', 'At the orders API'],
};

/**
 * The consent form.
 * @param {object} ctx
 * @param {{ uid: string, client: object, user: object, scopes: string[] }} page
 */
export function consentPage(ctx, { uid, client, user, scopes }) {
  const item = (scope) => {
    const [what, detail] = SCOPES[scope] ?? [scope, ''];
    return `<li><strong>${escaped(what)}</strong>${detail ? `<span>${escaped(detail)}</span>` : ''}</li>`;
  };
  send(ctx, {
    title: 'Allow access',
    formTargets: client.redirectUris,
    body: `
      <h1>Allow access?</h1>
      <p class="lead"><strong>${escaped(client.clientName)}</strong> would like to</p>
      <ul class="scopes">${scopes.map(item).join('')}</ul>
      <form method="post" action="/interaction/${escaped(uid)}/consent">
        <button class="primary" type="submit" autofocus>Allow</button>
      </form>
      <form method="post" action="/interaction/${escaped(uid)}/abort">
        <button class="secondary" type="submit">Deny</button>
      </form>
      <p class="note">You are signed in as ${escaped(user.name)} (${escaped(user.email)}).</p>`,
  });
}

/**
 * The sign-out form of RP-Initiated Logout. With an ID token of the user who is signed in it posts itself.
 * @param {object} ctx
 * @param {string} form the provider's form, without buttons
 */
export function logoutPage(ctx, form) {
  const { client, session, entities } = ctx.oidc;
  const known = entities.IdTokenHint?.payload.sub === session.accountId;
  const name = client ? escaped(client.clientName) : 'an application';
  send(ctx, {
    title: 'Sign out',
    formTargets: client?.postLogoutRedirectUris,
    script: known ? '/assets/logout.js' : undefined,
    body: `
      <h1>Sign out?</h1>
      <p class="lead">${known ? `<strong>${name}</strong> is signing you out of Harbour ID.` : `Sign out of Harbour ID and of <strong>${name}</strong>?`}</p>
      ${form}
      <button class="primary" type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
      <button class="secondary" type="submit" form="op.logoutForm">Stay signed in</button>`,
  });
}

/** What is shown after signing out, if no application wants the user back. */
export function signedOutPage(ctx) {
  send(ctx, {
    title: 'Signed out',
    body: '<h1>You are signed out</h1>\n<p class="lead">You may close this window.</p>',
  });
}

/**
 * What is shown where no redirect can carry the error.
 * @param {object} ctx
 * @param {Record<string, string>} out `error`, `error_description` and the like
 */
export function errorPage(ctx, out) {
  const rows = Object.entries(out).map(([key, value]) => `<dt>${escaped(key)}</dt><dd>${escaped(value)}</dd>`);
  send(ctx, {
    title: 'Something went wrong',
    status: ctx.status,
    body: `<h1>That did not work</h1>\n<p class="lead">The request cannot be answered.</p>\n<dl>${rows.join('')}</dl>`,
  });
}
