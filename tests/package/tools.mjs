// The bundlers and checkers, the packed package, and fresh apps that have it installed.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const lock = createHash('sha256')
  .update(readFileSync(here('package-lock.json')))
  .digest('hex')
  .slice(0, 12);

/** Where the tools are: outside the workspace, so that nothing of it is found from there by chance. Kept between runs. */
const TOOLS = join(tmpdir(), `strongroom-package-tests-${userInfo().username}-${lock}`);

/** How npm is run in `cwd`: the scripts of an app must not take themselves for part of this workspace or its tests. */
const options = (cwd) => ({
  cwd,
  env: {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|TEST_|PW_|FORCE_COLOR)/.test(name)),
    ),
    NEXT_TELEMETRY_DISABLED: '1',
    NO_COLOR: '1',
  },
  shell: process.platform === 'win32',
});

/** Runs npm to its end and gives back what it printed; that is in the error, too, if it fails. */
export async function npm(folder, ...args) {
  try {
    const { stdout, stderr } = await promisify(execFile)('npm', args, options(folder));
    return stdout + stderr;
  } catch (error) {
    throw new Error(`npm ${args.join(' ')} has failed\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** Starts npm, in a process group of its own: it starts others. */
export const startNpm = (folder, ...args) =>
  spawn('npm', args, { ...options(folder), detached: true, stdio: ['ignore', 'pipe', 'inherit'] });

/** Playwright's global set-up: installs the tools if they are not there, packs the package, and cleans up in the end. */
export default async function setUp() {
  if (!existsSync(TOOLS)) {
    // Moved as a whole, so that the tools are there or not, also if two runs install them.
    const folder = await mkdtemp(`${TOOLS}-`);
    process.stderr.write(`installing the bundlers into ${TOOLS}\n`);
    try {
      for (const file of ['package.json', 'package-lock.json']) await cp(here(file), join(folder, file));
      // Not `npm ci`: it refuses a lock without the binaries of its own platform, which is made on another.
      await npm(folder, 'install', '--no-audit', '--no-fund', '--loglevel=error');
      await rename(folder, TOOLS);
    } catch (error) {
      await rm(folder, { recursive: true });
      if (!existsSync(TOOLS)) throw error;
    }
  }
  const run = await mkdtemp(join(TOOLS, 'run-'));
  const [{ filename }] = JSON.parse(
    await npm(here('../../pkg'), 'pack', '--json', '--loglevel=error', `--pack-destination=${run}`),
  );
  process.env.STRONGROOM_TARBALL = join(run, filename);
  return () => rm(run, { recursive: true, force: true });
}

/** The packed package. */
export const tarball = () => process.env.STRONGROOM_TARBALL;

/** A new folder with copies of `sources`, folders of this one, and the package installed. */
export async function freshApp(name, ...sources) {
  const folder = await mkdtemp(join(tarball(), '..', `${name}-`));
  for (const source of sources) await cp(here(source), folder, { recursive: true });
  await npm(
    folder,
    'install',
    '--offline',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    tarball(),
  );
  return folder;
}
