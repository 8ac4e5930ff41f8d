// The user of the benchmark.

/**
 * Signs a user in at the provider, without any package: from then on it knows the user by a cookie.
 * @param {import('@playwright/test').Page} page ends at the app
 * @param {{ provider: { issuer: string }, app: { origin: string } }} world
 */
export async function signInAtProvider(page, { provider, app }) {
  const request = new URLSearchParams({
    client_id: 'spa',
    redirect_uri: `${app.origin}/`,
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  });
  await page.goto(`${provider.issuer}/auth?${request}`);
  await page.locator('#username').fill('ada');
  await page.locator('#password').fill('ada');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => url.origin === app.origin);
}
