// Firefox and WebKit, each driven by its own WebDriver.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Builder, Capabilities } from 'selenium-webdriver';

/** What a driver is, and what it is asked for. */
const ENGINES = {
  firefox: {
    driver: process.env.STRONGROOM_GECKODRIVER,
    args: (port) => ['--port', String(port)],
    capabilities: {
      browserName: 'firefox',
      'moz:firefoxOptions': {
        binary: process.env.STRONGROOM_FIREFOX,
        args: ['-headless'],
      },
    },
  },
  webkit: {
    driver: process.env.STRONGROOM_WEBKITDRIVER,
    args: (port) => [`--port=${port}`],
    // It has no mode without a display.
    display: process.env.STRONGROOM_XVFB,
    // Its sandbox cannot be had in a container, or by root.
    env: { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', LIBGL_ALWAYS_SOFTWARE: '1', GDK_BACKEND: 'x11' },
    capabilities: { browserName: 'MiniBrowser' },
  },
};

/** Whether this machine has what it takes to test in `engine`. */
export const isThere = (engine) => Boolean(ENGINES[engine].driver);

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a display that nobody sees: its name, and what ends it. */
async function startDisplay(xvfb) {
  const server = spawn(xvfb, ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = await once(server.stdio[3], 'data');
  return { name: `:${String(number).trim()}`, end: () => server.kill() };
}

async function isUp(url) {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`${url}/status`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing answers at ${url}`);
}

/**
 * Starts the driver of `engine`.
 * @param {'firefox' | 'webkit'} engine
 * @returns {Promise<{ browse(): Promise<import('selenium-webdriver').WebDriver>, end(): void }>} `browse` opens a browser
 *   with a profile of its own
 */
export async function startDriver(engine) {
  const { driver, args, display, env, capabilities } = ENGINES[engine];
  const [port, screen] = [await freePort(), display && (await startDisplay(display))];
  const child = spawn(driver, args(port), {
    stdio: 'ignore',
    env: { ...process.env, ...env, ...(screen && { DISPLAY: screen.name }) },
  });
  const url = `http://127.0.0.1:${port}`;
  await isUp(url);
  return {
    browse: () => new Builder().usingServer(url).withCapabilities(new Capabilities(capabilities)).build(),
    end() {
      child.kill();
      screen?.end();
    },
  };
}
