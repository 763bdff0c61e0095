import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { lastLines, run } from './project.mjs';

/** Programs that tests use and npm cannot bring. `variable` tells the tests: a path, or 0 when the machine lacks it. */
const TOOLS = [
  {
    name: 'Redis',
    programs: ['redis-server', 'valkey-server'],
    aptPackage: 'redis-server',
    variable: 'EMPORIUM_TEST_REDIS',
  },
  {
    name: 'Chromium',
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    aptPackage: 'chromium',
    variable: 'EMPORIUM_TEST_CHROMIUM',
  },
];

/**
 * Finds the tools on the PATH, or brings them by apt-get as root on Debian.
 * @returns the environment for the tests, and the names of what is missing
 */
export async function findTools(terminal) {
  const lacking = () => TOOLS.filter(({ programs, variable }) => process.env[variable] !== '0' && !which(programs));
  const wanted = lacking();
  if (wanted.length > 0 && canInstall())
    await install(
      terminal,
      wanted.map(({ aptPackage }) => aptPackage),
    );
  const env = {};
  const missing = [];
  for (const { name, programs, aptPackage, variable } of TOOLS) {
    const path = process.env[variable] === '0' ? null : which(programs);
    env[variable] = path ?? '0';
    if (path) continue;
    missing.push(name);
    terminal.failed(
      `${name} is missing, so its tests are left out. To bring it: sudo apt-get install --no-install-recommends ${aptPackage}`,
    );
  }
  return { env, missing };
}

function which(programs) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'].filter(Boolean);
  for (const program of programs) {
    for (const folder of folders) if (existsSync(join(folder, program))) return join(folder, program);
  }
  return null;
}

function canInstall() {
  return (
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    !spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).error
  );
}

async function install(terminal, packages) {
  terminal.begin(`Installing ${packages.join(' and ')} by apt-get`, { announce: true });
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const lock = ['-o', 'DPkg::Lock::Timeout=120'];
  let result = await run('apt-get', ['update', ...lock], options);
  result = await run('apt-get', ['install', '-y', '--no-install-recommends', ...lock, ...packages], options);
  if (result.code === 0) return terminal.done(`Installed ${packages.join(' and ')}`);
  terminal.failed(`apt-get could not install ${packages.join(' and ')}:`);
  terminal.line(lastLines(result.output, 8));
}
