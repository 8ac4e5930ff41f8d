// The demo: node www/servers/demo.mjs [--port N] [--open] [--own-origin]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { users } from './users.mjs';
import { startWorld } from './world.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    open: { type: 'boolean' },
    'own-origin': { type: 'boolean', default: false },
  },
});
if (!existsSync(new URL('../../pkg/index.js', import.meta.url))) {
  console.error('pkg/ is missing: run `cargo xtask build`, or start the demo with `cargo xtask demo`');
  process.exit(1);
}

const world = await startWorld({ port: Number(values.port), ownOrigin: values['own-origin'] }).catch((error) => {
  console.error(error.code === 'EADDRINUSE' ? `port ${values.port} is taken: give another with --port` : error.message);
  process.exit(1);
});
const url = `${world.app.origin}/`;
console.log(`
  Strongroom demo   ${url}

  provider          ${world.provider.issuer}   (sign in as ${users.map(({ sub }) => sub).join(' or ')}; the password is the name)
  API               ${world.api.url}${world.vault ? `\n  vault             ${world.vault.origin}/` : ''}
  end it with Ctrl-C
`);
if (values.open) {
  const [command, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform] ?? ['xdg-open'];
  spawn(command, [...args, url], { stdio: 'ignore', detached: true })
    .on('error', () => console.log('  no browser could be opened: open the URL yourself'))
    .unref();
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => world.close().then(() => process.exit(0)));
}
