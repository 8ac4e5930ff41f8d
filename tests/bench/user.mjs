// The user of the benchmark.

/**
 * Signs a user in at the provider, without any package: from then on it knows the user by a cookie.
 * @param {import('@playwright/test').Page} page
 * @param {{ provider: { issuer: string }, app: { origin: string } }} world
 * @param {string} [redirectUri] where the page ends
 */
export async function signInAtProvider(page, { provider, app }, redirectUri = `${app.origin}/`) {
  const request = new URLSearchParams({
    client_id: 'spa',
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  });
  await page.goto(`${provider.issuer}/auth?${request}`);
  await page.locator('#username').fill('ada');
  await page.locator('#password').fill('ada');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => url.origin === new URL(redirectUri).origin);
}
