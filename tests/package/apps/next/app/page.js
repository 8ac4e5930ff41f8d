'use client';
import { useState, useSyncExternalStore } from 'react';
import { createSession, isStrongroomError } from 'strongroom';

// On the server, where there are none, the session is inert and needs no options.
const { api, ...options } = globalThis.options ?? {};
const session = createSession(options);

// What the server has rendered, and so the first thing that a browser renders.
const LOADING = { status: 'loading' };

export default function Page() {
  const { status, user, reason } = useSyncExternalStore(session.subscribe, session.getSnapshot, () => LOADING);
  const [answer, setAnswer] = useState('');
  const who = status === 'signedIn' ? user.sub : isStrongroomError(reason) ? reason.code : '';
  const call = async () => {
    const response = await session.fetch(api);
    setAnswer(`${response.status} ${await response.text()}`);
  };
  return (
    <main>
      <p role="status">{status === 'loading' ? status : `${status} ${who} in ${session.placement}`}</p>
      <button type="button" onClick={() => session.signIn()}>
        Sign in
      </button>
      <button type="button" onClick={call}>
        Call the API
      </button>
      <pre>{answer}</pre>
    </main>
  );
}
