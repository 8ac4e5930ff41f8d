// What a session does, whether it is a real one or that of strongroom/testing: tests/page/testing.test.mjs runs this against
// the one, tests/e2e/adapters.spec.mjs against the other. Runs in a page, hence without imports.

/** What `session` tells from now on. */
function listen(session) {
  const told = [];
  const codes = {
    statechange: ({ status, user, reason }) => [status, user?.sub ?? reason?.code],
    userchange: ({ from, to }) => [from.sub, to.sub],
  };
  for (const [type, code] of Object.entries(codes)) {
    session.addEventListener(type, ({ detail }) => told.push([type, ...code(detail)]));
  }
  return told;
}

const codeOf = (promise) =>
  promise.then(
    () => 'it did not reject',
    (error) => [error.name, error.code],
  );

/**
 * @typedef {object} Kit
 * @property {string} api URL of an API of the session, with /orders and /echo
 * @property {string} elsewhere URL that is of none, and answers 200
 * @property {(session: object) => Promise<void>} expire the provider knows the user no more, and the session learns it
 * @property {(session: object, user: string) => Promise<void>} become another user signs in
 *
 * `signedIn`: whether Ada is signed in before `run`, which must give `expected`.
 * @type {{ name: string, signedIn?: boolean, run: (session: object, kit: Kit) => Promise<unknown>, expected: unknown }[]}
 */
export const contract = [
  {
    name: 'at first nobody is signed in, and the reason says so',
    run: async (session) => [
      (await session.ready) === session.state,
      session.getSnapshot() === session.state,
      Object.isFrozen(session.state),
      session.state.status,
      session.state.reason.name,
      session.state.reason.code,
      typeof session.placement,
    ],
    expected: [true, true, true, 'signedOut', 'StrongroomError', 'login_required', 'string'],
  },
  {
    name: 'the page may not have the access token unless an option says so',
    signedIn: true,
    run: async (session) => [await codeOf(session.accessToken()), new URL(session.vaultOrigin).protocol],
    expected: [['StrongroomError', 'unsupported'], 'http:'],
  },
  {
    name: 'a sign-in in a popup resolves when the user is signed in, and the state tells once',
    run: async (session) => {
      const told = listen(session);
      const resolved = await session.signIn({ popup: true });
      const { status, user } = session.state;
      return [
        told,
        resolved === undefined,
        status,
        user.sub,
        Object.isFrozen(user),
        session.getSnapshot() === session.state,
      ];
    },
    expected: [[['statechange', 'signedIn', 'ada']], true, 'signedIn', 'ada', true, true],
  },
  {
    name: 'a sign-in of the same user is no change',
    signedIn: true,
    run: async (session) => {
      const [told, before] = [listen(session), session.state];
      await session.signIn({ popup: true });
      return [told, before === session.state];
    },
    expected: [[], true],
  },
  {
    name: 'another user is told of after the state',
    signedIn: true,
    run: async (session, kit) => {
      const told = listen(session);
      await kit.become(session, 'grace');
      return told;
    },
    expected: [
      ['statechange', 'signedIn', 'grace'],
      ['userchange', 'ada', 'grace'],
    ],
  },
  {
    name: 'signing out here leaves the provider its session',
    signedIn: true,
    run: async (session, { api }) => {
      const told = listen(session);
      const warned = await session.signOut({ local: true });
      const refused = await codeOf(session.fetch(`${api}orders`));
      const { user } = await session.checkSession();
      return [warned, refused, user.sub, told];
    },
    expected: [
      {},
      ['StrongroomError', 'not_signed_in'],
      'ada',
      [
        ['statechange', 'signedOut', 'signed_out'],
        ['statechange', 'signedIn', 'ada'],
      ],
    ],
  },
  {
    name: 'signing out twice is told once',
    signedIn: true,
    run: async (session) => {
      const told = listen(session);
      return [await session.signOut({ local: true }), await session.signOut({ local: true }), told];
    },
    expected: [{}, {}, [['statechange', 'signedOut', 'signed_out']]],
  },
  {
    name: 'checkSession is refused where the provider knows nobody',
    run: async (session) => {
      const [told, before] = [listen(session), session.state];
      return [await codeOf(session.checkSession()), told, before === session.state];
    },
    expected: [['StrongroomError', 'login_required'], [], true],
  },
  {
    name: 'checkSession tells what was granted, and is no change',
    signedIn: true,
    run: async (session) => {
      const told = listen(session);
      const { user, scope, expiresAt } = await session.checkSession();
      return [user.sub, typeof scope, expiresAt > Date.now(), told];
    },
    expected: ['ada', 'string', true, []],
  },
  {
    name: 'a session whose user the provider knows no more has ended',
    signedIn: true,
    run: async (session, kit) => {
      const told = listen(session);
      await kit.expire(session);
      return [told, await codeOf(session.fetch(`${kit.api}orders`))];
    },
    expected: [[['statechange', 'signedOut', 'login_required']], ['StrongroomError', 'not_signed_in']],
  },
  {
    name: 'an API is called as the user',
    signedIn: true,
    run: async ({ fetch }, { api }) => {
      const response = await fetch(`${api}orders`);
      const { user, orders } = await response.json();
      return [response instanceof Response, response.ok, response.status, response.bodyUsed, user, orders.length];
    },
    expected: [true, true, 200, true, 'ada', 2],
  },
  {
    name: 'an answer other than success is an answer',
    signedIn: true,
    run: async ({ fetch }, { api }) => (await fetch(new URL('nothing', api), { method: 'POST', body: 'x' })).status,
    expected: 404,
  },
  {
    name: 'an API cannot be called where nobody is signed in, and other URLs can',
    run: async (session, { api, elsewhere }) => [
      await codeOf(session.fetch(`${api}orders`)),
      (await session.fetch(elsewhere)).status,
    ],
    expected: [['StrongroomError', 'not_signed_in'], 200],
  },
  {
    name: 'requests arrive, also as a Request and with a body that a function makes',
    signedIn: true,
    run: async ({ fetch }, { api }) => {
      const told = async (response) => {
        const { method, type, length } = await (await response).json();
        return [method, type, length];
      };
      const headers = { 'Content-Type': 'text/csv' };
      return [
        await told(fetch(new Request(`${api}echo`, { method: 'PUT', body: 'four', headers }))),
        await told(fetch(`${api}echo`, { method: 'PATCH', body: () => 'seven 7', headers })),
        await told(fetch(`${api}echo`)),
      ];
    },
    expected: [
      ['PUT', 'text/csv', 4],
      ['PATCH', 'text/csv', 7],
      ['GET', null, 0],
    ],
  },
  {
    name: 'a request ends with the reason of its signal',
    signedIn: true,
    run: async ({ fetch }, { api }) => {
      const reason = new Error('enough');
      const late = new AbortController();
      const pending = fetch(`${api}never`, { signal: late.signal }).catch((error) => error === reason);
      late.abort(reason);
      const early = fetch(`${api}orders`, { signal: AbortSignal.abort() }).catch(({ name }) => name);
      return [await pending, await early];
    },
    expected: [true, 'AbortError'],
  },
  {
    name: 'userinfo is the user’s, if there is one',
    signedIn: true,
    run: async (session) => {
      const { sub } = await session.userinfo();
      await session.signOut({ local: true });
      return [sub, await codeOf(session.userinfo())];
    },
    expected: ['ada', ['StrongroomError', 'not_signed_in']],
  },
  {
    name: 'a sign-in that somebody asks for at another issuer is refused',
    run: async (session) => codeOf(session.initiateLogin('/login?iss=https%3A%2F%2Fevil.example')),
    expected: ['StrongroomError', 'issuer_mismatch'],
  },
  {
    name: 'who has left hears no more',
    signedIn: true,
    run: async (session) => {
      let calls = 0;
      const leave = session.subscribe(() => {
        calls += 1;
      });
      await session.signOut({ local: true });
      leave();
      await session.checkSession();
      return calls;
    },
    expected: 1,
  },
  {
    name: 'a closed session does nothing more',
    signedIn: true,
    run: async (session, { api }) => {
      const [told, before] = [listen(session), session.state];
      session.close();
      session.close();
      const calls = [
        session.fetch(`${api}orders`),
        session.signIn(),
        session.checkSession(),
        session.signOut(),
        session.userinfo(),
      ];
      const codes = await Promise.all(calls.map(codeOf));
      return [codes.map(([, code]) => code), told, before === session.state];
    },
    expected: [['closed', 'closed', 'closed', 'closed', 'closed'], [], true],
  },
];
