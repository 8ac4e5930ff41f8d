// `test` and `expect` are globals, of Vitest or of Jest.
import { createSession, isStrongroomError } from 'strongroom';

test('under jsdom a session waits for a browser', async () => {
  const session = createSession({ issuer: 'https://login.example.com', clientId: 'spa' });
  expect(document.title).toBe('');
  expect(session.state).toEqual({ status: 'loading' });
  expect(session.placement).toBeUndefined();
  const error = await session.signIn().catch((error) => error);
  expect(isStrongroomError(error) && error.code).toBe('unsupported');
  session.close();
});
