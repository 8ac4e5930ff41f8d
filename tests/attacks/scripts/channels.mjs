// Where pages, workers and the browser talk.
import { element, listen, onNavigation, wait } from '../kit.mjs';

/** The channels of the package, but for the one that has the app's state prefix in its name. */
const CHANNELS = ['strongroom', 'strongroom:callback', 'strongroom:logout'];

/** The prefix of the app's states, from the URL of a silent frame. */
async function prefix({ victim }) {
  let found;
  const observer = new MutationObserver(() => {
    for (const { src } of document.querySelectorAll('iframe')) {
      const state = src && new URL(src).searchParams.get('state');
      if (state) found = state.slice(0, state.indexOf('-') + 1);
    }
  });
  observer.observe(document.documentElement, { childList: true });
  await victim('checkSession');
  observer.disconnect();
  return found;
}

/** The channels of these names, and records what comes over them. */
function join(names, { record, undo }) {
  return names.map((name) => {
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => record([name, data]);
    undo(() => channel.close());
    return channel;
  });
}

/** Gives the page a policy, and records what violates it. */
function addPolicy(httpEquiv, content, { record, undo }) {
  element('meta', { httpEquiv, content }, undo);
  const violated = (event) =>
    record([event.blockedURI, event.documentURI, event.referrer, event.sample, event.sourceFile]);
  listen(document, 'securitypolicyviolation', violated, undo);
}

export const channels = [
  {
    id: 'channel-broadcast',
    title: 'listens to the package’s broadcast channels',
    when: 'both',
    async run(context) {
      join([...CHANNELS, `strongroom:${await prefix(context)}`], context);
      await context.victim();
      await wait(50);
    },
  },
  {
    id: 'channel-broadcast-forged',
    title: 'sends forged messages over the package’s broadcast channels, as another tab or a popup would',
    when: 'after',
    async run(context) {
      const known = await prefix(context);
      const joined = join([...CHANNELS, `strongroom:${known}`], context);
      const messages = [
        'grace',
        { type: 'strongroom:callback', url: `${location.origin}/?code=forged&state=${known}pforged` },
        { iss: context.config.issuer, sid: 'guess' },
        'x'.repeat(100_000),
        null,
      ];
      for (const channel of joined) {
        for (const message of messages) {
          try {
            channel.postMessage(message);
          } catch (error) {
            context.record(error);
          }
        }
      }
      await context.victim();
      await wait(100);
    },
    disturbs: true,
  },
  {
    id: 'channel-messages-forged',
    title: 'posts forged answers of the provider and of the callback page to the window',
    when: 'after',
    async run({ record, victim, undo, hooks }) {
      hooks.tapAll(MessageEvent.prototype, ['data', 'source', 'origin']);
      const timer = setInterval(() => {
        window.postMessage({ type: 'authorization_response', response: { code: 'forged', state: 'forged' } }, '*');
        window.postMessage(
          { type: 'strongroom:callback', url: `${location.origin}/?code=forged&state=sr-sforged` },
          '*',
        );
        window.dispatchEvent(
          new MessageEvent('message', {
            data: { type: 'authorization_response', response: {} },
            origin: 'https://x.example',
          }),
        );
      }, 5);
      undo(() => clearInterval(timer));
      await victim('checkSession', 'renew');
      record('done');
    },
  },
  {
    id: 'channel-performance',
    title: 'observes the performance entries: URLs of requests, frames and navigations, server timings',
    when: 'both',
    async run({ record, victim, undo }) {
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) record(entry.toJSON());
      });
      for (const type of PerformanceObserver.supportedEntryTypes) {
        try {
          observer.observe({ type, buffered: true });
        } catch {
          // Not for windows.
        }
      }
      undo(() => observer.disconnect());
      await victim();
      for (const entry of performance.getEntries()) record(entry.toJSON());
    },
  },
  {
    id: 'channel-reports',
    title: 'provokes and reads reports: Content-Security-Policy violations, deprecations, interventions',
    when: 'both',
    async run({ record, victim, undo }) {
      addPolicy('Content-Security-Policy-Report-Only', "default-src 'none'", { record, undo });
      const observer = new ReportingObserver((reports) => record(reports.map((report) => report.toJSON())), {
        buffered: true,
      });
      observer.observe();
      undo(() => observer.disconnect());
      await victim();
      record(observer.takeRecords().map((report) => report.toJSON()));
    },
  },
  {
    id: 'channel-policy',
    title:
      'adds a Content-Security-Policy of its own that forbids the frames and requests of the app, and reads what it blocked',
    when: 'after',
    async run({ record, victim, undo, config }) {
      const policy = `frame-src 'self'; connect-src 'self' ${config.attacker}`;
      addPolicy('Content-Security-Policy', policy, { record, undo });
      await Promise.race([victim('checkSession', 'fetch'), wait(3000)]);
    },
    disturbs: true,
  },
  {
    id: 'channel-navigation',
    title: 'reads every navigation of the page from the navigation API',
    when: 'both',
    async run({ record, victim, undo, tap }) {
      const navigating = ({ destination, formData, info }) => record([destination.url, formData, info]);
      onNavigation(navigating, undo);
      tap(window.NavigateEvent.prototype, 'destination');
      await victim();
    },
  },
  {
    id: 'channel-locks',
    title: 'reads the names of the locks, and holds the one of the renewals',
    when: 'after',
    async run({ record, victim }) {
      record(await navigator.locks.query());
      const { held, pending } = await navigator.locks.query();
      const release = [...held, ...pending].map(({ name }) =>
        navigator.locks.request(name, { ifAvailable: true }, () => wait(50)),
      );
      await victim('renew');
      await Promise.allSettled(release);
      record(await navigator.locks.query());
    },
  },
  {
    id: 'channel-locks-hooks',
    title: 'replaces the methods of the lock manager',
    when: 'both',
    async run({ victim, hooks }) {
      hooks.tapAll(LockManager.prototype);
      await victim();
    },
  },
  {
    id: 'channel-echo',
    title: 'has the API send the request back: TRACE, and every header that it can name',
    when: 'after',
    async run({ session, config, record }) {
      const app = await session();
      for (const method of ['TRACE', 'trace', 'TRACK', 'CONNECT', 'OPTIONS', 'HEAD']) {
        record(await app.fetch(`${config.api}orders`, { method }).catch((error) => error));
      }
      for (const name of ['authorization', 'Authorization', 'x-test']) {
        const response = await app.fetch(`${config.api}echo`, { headers: { [name]: 'Bearer mine' } });
        record(response);
        record([...response.headers]);
      }
    },
  },
];
