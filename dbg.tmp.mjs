import { chromium } from '@playwright/test';
import { startWorld } from '/tmp/w/lab/www/servers/world.mjs';
const world = await startWorld({ attacks: true, csp: (p) => { for (const k of Object.keys(p)) delete p[k]; }, provider: { consent: 'never' } });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless','--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking'] });
const c = await browser.newContext(); const page = await c.newPage();
await page.goto(world.app.origin + '/attacks/victim.html');
await page.waitForFunction(() => window.session?.ready.then(() => true));
await page.evaluate(() => void window.session.signIn());
await page.locator('#username').fill('ada'); await page.locator('#password').fill('ada'); await page.getByRole('button', { name: 'Sign in' }).click();
await page.waitForURL((u) => u.origin === world.app.origin);
await page.waitForFunction(() => window.session?.ready.then(() => true));
const state = await c.storageState(); await c.close();
const ctx = await browser.newContext({ storageState: state });
const p = await ctx.newPage();
p.on('console', (m) => console.log('console', m.text()));
p.on('framenavigated', (f) => console.log('nav', f.url().slice(0, 160)));
p.on('pageerror', (e) => console.log('error', String(e)));
for (const [attack, when, vault] of process.argv.slice(2).map((a) => a.split(','))) {
  const run = Math.random().toString(36);
  world.provider.issued.length = 0;
  await p.goto(world.app.origin + `/attacks/victim.html?attack=${attack}&when=${when}&vault=${vault}&run=${run}`, { waitUntil: 'commit' }).catch(() => {});
  const v = await Promise.race([world.verdictOf(run), new Promise((r) => setTimeout(r, 15000))]);
  console.log(attack, when, vault, v);
  if (!v) console.log(await p.content());
}
await browser.close(); await world.close();
