import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkoutsIn, poolFor } from './config.js';
import { ConfigError, loadConfig } from './index.js';

const problemsOf = (env: NodeJS.ProcessEnv): string[] => {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
};

describe('settings', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'emporium-config-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
  const pem = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
  const production: NodeJS.ProcessEnv = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://api.shop.example.com',
    DATABASE_URL: 'postgres://u:p@db/shop',
    SMTP_URL: 'smtp://mail.example.com:587',
    SIGNING_KEY: Buffer.from(pem).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };

  it('need nothing on a development machine, and make secrets that only their owner reads', () => {
    const config = loadConfig({ DATA_DIR: dataDir });
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      production: false,
      demo: true,
      jobs: true,
      stripe: null,
      currency: 'USD',
    });
    expect(statSync(join(dataDir, 'keys.json')).mode & 0o777).toBe(0o600);
    expect(loadConfig({ DATA_DIR: dataDir }).encryptionKey).toEqual(config.encryptionKey);
  });

  it('name everything that production misses, at once', () => {
    const problems = problemsOf({ NODE_ENV: 'production' });
    for (const name of ['PUBLIC_URL', 'DATABASE_URL', 'SMTP_URL', 'SIGNING_KEY', 'ENCRYPTION_KEY']) {
      expect(problems.filter((p) => p.startsWith(name))).toHaveLength(1);
    }
  });

  it('of production are closed by default: no demo, no manual payments, no jobs, no Stripe, no origins', () => {
    expect(loadConfig(production)).toMatchObject({
      host: '0.0.0.0',
      demo: false,
      manualPayments: false,
      jobs: false,
      migrate: false,
      stripe: null,
      corsOrigins: [],
    });
  });

  it.each([
    [
      'weak secrets',
      { METRICS_TOKEN: 'changeme', ADMIN_PASSWORD: 'password1234567' },
      ['METRICS_TOKEN', 'ADMIN_PASSWORD'],
    ],
    [
      'a live key with another API',
      {
        STRIPE_SECRET_KEY: 'sk_live_x1',
        STRIPE_PUBLISHABLE_KEY: 'pk_live_x1',
        STRIPE_WEBHOOK_SECRET: 'whsec_12345678',
        STRIPE_API_BASE: 'http://127.0.0.1:1',
      },
      ['STRIPE_API_BASE'],
    ],
    [
      'Stripe without a webhook secret',
      { STRIPE_SECRET_KEY: 'sk_test_x1', STRIPE_PUBLISHABLE_KEY: 'pk_test_x1' },
      ['STRIPE_WEBHOOK_SECRET'],
    ],
    ['failpoints', { FAILPOINTS: 'commit.settle:kill' }, ['FAILPOINTS']],
    ['a proxy that is anybody', { TRUST_PROXY: 'true' }, ['TRUST_PROXY']],
    ['proxies in every network of IPv4', { TRUST_PROXY: '10.0.0.0/8,0.0.0.0/0' }, ['TRUST_PROXY']],
    ['proxies in every network of IPv6', { TRUST_PROXY: '::/0' }, ['TRUST_PROXY']],
    ['a proxy whose network has no such size', { TRUST_PROXY: '10.0.0.0/33' }, ['TRUST_PROXY']],
    ['a proxy that is no address', { TRUST_PROXY: '10.0.0.256,1' }, ['TRUST_PROXY', 'TRUST_PROXY']],
    ['any origin', { CORS_ORIGINS: '*' }, ['CORS_ORIGINS']],
    [
      'a provider of identities without its settings',
      { OIDC_PROVIDERS: 'acme,Bad_Name', OIDC_ACME_SCOPES: 'email', OIDC_ACME_FOR: 'everybody' },
      [
        'OIDC_PROVIDERS',
        'OIDC_ACME_ISSUER',
        'OIDC_ACME_CLIENT_ID',
        'OIDC_ACME_CLIENT_SECRET',
        'OIDC_ACME_SCOPES',
        'OIDC_ACME_FOR',
      ],
    ],
    [
      'a provider of identities that anybody on the way can play',
      {
        OIDC_PROVIDERS: 'acme',
        OIDC_ACME_ISSUER: 'http://id.example.com',
        OIDC_ACME_CLIENT_ID: 'x',
        OIDC_ACME_CLIENT_SECRET: 'y',
      },
      ['OIDC_ACME_ISSUER'],
    ],
    [
      'numbers that are none',
      { PORT: '80a', RESERVATION_TTL_MIN: '0', DATABASE_POOL: '-1' },
      ['PORT', 'DATABASE_POOL', 'RESERVATION_TTL_MIN'],
    ],
    ['a currency that is none', { CURRENCY: 'usd' }, ['CURRENCY']],
    ['a key of zeros', { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') }, ['ENCRYPTION_KEY']],
    ['a key of words', { ENCRYPTION_KEY: Buffer.from('changeme'.repeat(4)).toString('base64') }, ['ENCRYPTION_KEY']],
    ['keys that are none', { SIGNING_KEY: 'abc', ENCRYPTION_KEY: 'c2hvcnQ=' }, ['SIGNING_KEY', 'ENCRYPTION_KEY']],
  ])('refuse %s', (_what, env, names) => {
    expect(
      problemsOf({ ...production, ...env })
        .map((p) => /^[A-Z_]+/.exec(p)![0])
        .sort(),
    ).toEqual([...names].sort());
  });

  it('take connections by cores, and leave a third of them to others than checkouts', () => {
    expect([1, 2, 3, 4, 64].map(poolFor)).toEqual([6, 6, 9, 10, 10]);
    expect([2, 4, 6, 10, 200].map(checkoutsIn)).toEqual([1, 2, 4, 6, 100]);
    const { databasePool, checkoutConcurrency } = loadConfig({ ...production, DATABASE_POOL: '12' });
    expect({ databasePool, checkoutConcurrency }).toEqual({ databasePool: 12, checkoutConcurrency: 8 });
  });

  it('take the networks of proxies, of both kinds', () => {
    const TRUST_PROXY = 'loopback, 10.0.0.0/8, 192.0.2.7, fd00::/8, ::1';
    expect(loadConfig({ ...production, TRUST_PROXY }).trustProxy).toEqual(TRUST_PROXY.split(', '));
  });

  it('take several webhook secrets and signing keys while one is being rolled', () => {
    const config = loadConfig({
      ...production,
      SIGNING_KEY: `${production.SIGNING_KEY},${production.SIGNING_KEY}`,
      STRIPE_SECRET_KEY: 'sk_live_x1',
      STRIPE_PUBLISHABLE_KEY: 'pk_live_x1',
      STRIPE_WEBHOOK_SECRET: 'whsec_12345678, whsec_87654321',
    });
    expect(config.signingKeys).toHaveLength(2);
    expect(config.stripe).toMatchObject({ webhookSecrets: ['whsec_12345678', 'whsec_87654321'], emulated: false });
  });
});
