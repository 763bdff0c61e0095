import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { loadConfig, SETTINGS } from '../../src/config/index.js';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const { load } = createRequire(import.meta.url)('js-yaml') as { load: (text: string) => unknown };

interface Service {
  image: string;
  build?: string;
  command?: string[];
  restart?: string;
  ports?: string[];
  volumes?: string[];
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string>;
}

/** docker-compose.yml with its merge keys resolved, as Compose does. */
function composeFile(): { services: Record<string, Service>; volumes: Record<string, unknown> } {
  const file = load(read('docker-compose.yml')) as {
    services: Record<string, Service & { '<<'?: Service }>;
    volumes: Record<string, unknown>;
  };
  for (const [name, service] of Object.entries(file.services)) {
    const { '<<': base, ...own } = service;
    file.services[name] = { ...base, ...own };
  }
  return file;
}

/** Compose's interpolation: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
function interpolate(text: string, env: Record<string, string>): string {
  return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind?: string, rest?: string) => {
    if (env[name]) return env[name];
    if (kind === '?') throw new Error(`${name}: ${rest}`);
    return rest ?? '';
  });
}

const interpolateAll = (settings: Record<string, string>, env: Record<string, string>) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, interpolate(value, env)]));

describe('docker-compose.yml', () => {
  const { services, volumes } = composeFile();
  const secrets: Record<string, string> = {
    PUBLIC_URL: 'https://api.example.com',
    POSTGRES_PASSWORD: randomBytes(24).toString('hex'),
    SIGNING_KEY: Buffer.from(
      generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    SMTP_URL: 'smtp://mail.example.com:587',
    ADMIN_EMAIL: 'owner@example.com',
  };

  it('has what the shop needs, and opens the ports of the proxy only', () => {
    expect(Object.keys(services).sort()).toEqual(['api', 'migrate', 'postgres', 'proxy', 'redis', 'worker']);
    expect(
      Object.entries(services)
        .filter(([, service]) => service.ports)
        .map(([name]) => name),
    ).toEqual(['proxy']);
    expect(services.postgres!.image).toMatch(/^postgres:18/);
    for (const [name, service] of Object.entries(services)) {
      expect([name, service.restart]).toEqual([name, name === 'migrate' ? 'no' : 'unless-stopped']);
      for (const mount of service.volumes ?? []) {
        const source = mount.split(':')[0]!;
        expect(source.startsWith('./') ? existsSync(join(ROOT, source)) : source in volumes).toBe(true);
      }
    }
  });

  it('starts in order: healthy database, migrations, then API and worker, then the proxy', () => {
    const hasHealth = (name: string) => {
      const { healthcheck, build } = services[name]!;
      return healthcheck ? !healthcheck.disable : build !== undefined && /^HEALTHCHECK /m.test(read('Dockerfile'));
    };
    for (const service of Object.values(services)) {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(other in services).toBe(true);
        if (condition === 'service_healthy') expect([other, hasHealth(other)]).toEqual([other, true]);
        else expect([other, condition]).toEqual(['migrate', 'service_completed_successfully']);
      }
    }
    expect(services.migrate!.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    for (const name of ['api', 'worker']) expect(services[name]!.depends_on).toHaveProperty('migrate');
    for (const name of ['migrate', 'worker']) {
      const script = services[name]!.command!.find((part) => part.startsWith('dist/'))!;
      expect(existsSync(join(ROOT, script.replace(/^dist\//, '').replace(/\.js$/, '.ts')))).toBe(true);
    }
  });

  it('passes production settings that the shop accepts, and refuses to start without each secret', () => {
    const settings = services.api!.environment!;
    expect(services.worker!.environment).toEqual(settings);
    const config = loadConfig(interpolateAll(settings, secrets));
    expect(config).toMatchObject({
      production: true,
      redisUrl: 'redis://redis:6379',
      stripe: null,
      migrate: false,
      jobs: false,
    });
    expect(config.trustProxy).toHaveLength(1);
    for (const name of Object.keys(secrets)) {
      expect(() => interpolateAll(settings, { ...secrets, [name]: '' })).toThrow(`${name}: `);
    }
  });

  it('knows every setting, save those that containers do not need', () => {
    const inImage = ['PORT', 'HOST', 'DATA_DIR'];
    const development = ['STRIPE_API_BASE', 'STRIPE_EMULATOR_PORT', 'DEMO', 'MIGRATE', 'JOBS', 'FAILPOINTS'];
    const passed = Object.keys(services.api!.environment!);
    // What stands for many names is added by hand, for each provider.
    const settings = SETTINGS.map(({ name }) => name).filter((name) => !name.includes('<'));
    expect([...passed, ...inImage, ...development].sort()).toEqual(settings.sort());
  });
});

describe('Dockerfile', () => {
  const stages = read('Dockerfile')
    .split(/^FROM /m)
    .slice(1);
  const last = stages.at(-1)!;

  it('ends as an ordinary user, without dev dependencies and without the emulator', () => {
    expect(last).toMatch(/^USER node$/m);
    expect(last).not.toMatch(/npm /);
    expect(last).toMatch(/COPY --from=dependencies \/app\/node_modules/);
    expect(stages.find((stage) => / AS dependencies/.test(stage))).toContain('npm ci --omit=dev');
    expect(stages.find((stage) => / AS build/.test(stage))).toContain(
      'rm -rf dist/libs/stripe-emulator dist/libs/local-stack',
    );
  });

  it('copies what exists and what .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = stages
      .flatMap((stage) => [...stage.matchAll(/^COPY (?!--from)(.+)$/gm)])
      .flatMap((match) => match[1]!.split(' ').slice(0, -1));
    expect([...new Set(copied)].sort()).toEqual(allowed.sort());
    for (const path of copied) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  });

  it('has every package that the code in it imports', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const left = /libs\/(stripe-emulator|local-stack)\/|\.spec\.ts$/;
    const missing = new Set<string>();
    for (const folder of ['src', 'libs']) {
      for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !path.endsWith('.ts') || left.test(path.replaceAll('\\', '/'))) continue;
        const source = readFileSync(path, 'utf8');
        expect([path, /#libs\/(stripe-emulator|local-stack)/.test(source)]).toEqual([path, false]);
        for (const [, name] of source.matchAll(
          /^(?:import|export)\s(?!type\b)[^;]*?from '((?:@[^/']+\/)?[^./#'][^/']*)/gm,
        )) {
          if (!name!.startsWith('node:') && !(name! in dependencies)) missing.add(name!);
        }
      }
    }
    expect([...missing]).toEqual([]);
  });
});

describe('deploy/Caddyfile', () => {
  it('keeps metrics inside', () => {
    expect(read('deploy/Caddyfile')).toMatch(/@internal path \/metrics [^\n]*\n\s*respond @internal 404/);
  });
});

test('the image runs API and worker as `npm run start:api` and `start:worker` do', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const command = /^CMD (\[.*\])$/m.exec(read('Dockerfile'))![1]!;
  expect((JSON.parse(command) as string[]).join(' ')).toBe(scripts['start:api']);
  const worker = /command:\s+\[('node'.*worker\.js')\]/.exec(read('docker-compose.yml'))![1]!;
  expect(worker.replaceAll(/[',]/g, '')).toBe(scripts['start:worker']);
});
