import { createPrivateKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { isCurrency } from '#libs/money';
import { type OidcProvider, readOidcProviders } from './oidc-providers.js';
import { loadOrCreateSecrets } from './secrets.js';

/** All settings, read once at boot and checked. Nothing else reads process.env. */
export interface Config {
  production: boolean;
  port: number;
  host: string;
  publicUrl: string;
  storefrontUrl: string;
  dataDir: string;
  databaseUrl: string;
  databasePool: number;
  redisUrl: string | null;
  stripe: {
    secretKey: string;
    publishableKey: string;
    webhookSecrets: string[];
    apiBase: string;
    /** The local emulator answers, so a payment page can be offered. */
    emulated: boolean;
  } | null;
  admin: { email: string; password: string | null };
  /** `s3:` address of the store of pictures; null: in dataDir. */
  mediaStore: string | null;
  smtpUrl: string | null;
  oidcProviders: OidcProvider[];
  corsOrigins: (string | RegExp)[];
  trustProxy: string[];
  metricsToken: string | null;
  /** Whether everybody may read the documents of the API: those for storefronts, and those for staff. */
  publicDocs: { storefront: boolean; staff: boolean };
  /** Whether storefronts must say which one they are. */
  requirePublishableKey: boolean;
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  currency: string;
  /** Of the products as they are written; others are translations. */
  catalogLanguage: string;
  reservationTtlMin: number;
  rateLimits: { readsPerMin: number; writesPerMin: number; cartWritesPerMin: number; loginsPerMin: number };
  checkoutConcurrency: number;
  /** Who tells the tax of a cart: our own table without a url; and what holds when there is no answer. */
  taxService: { url: string | null; fallback: 'table' | 'refuse' };
  demo: boolean;
  manualPayments: boolean;
  migrate: boolean;
  jobs: boolean;
  /** Where this process shall end without warning, or `on`; null always in production. */
  failpoints: string | null;
  signingKeys: KeyObject[];
  encryptionKey: Buffer;
}

/** Every problem of the settings at once. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(`The settings need attention:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const DEFAULT_DATABASE_URL = 'postgres://postgres@127.0.0.1:5432/emporium';

/** The database alone, for TypeORM's command line. */
export function loadDatabaseUrl(env: NodeJS.ProcessEnv = process.env): string {
  return env.DATABASE_URL ?? DEFAULT_DATABASE_URL;
}

/** What is wrong with the address or network of a reverse proxy, or null. */
function proxyProblem(network: string): string | null {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(network)) return null;
  const [address = '', size] = network.split('/', 2);
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)]!;
  const isNetwork = size === undefined || (/^\d{1,3}$/.test(size) && Number(size) <= bits);
  if (bits === 0 || !isNetwork || network.split('/').length > 2)
    return 'is not an address or network; "true" would trust anybody';
  return size !== undefined && Number(size) === 0
    ? 'is every address there is: anybody could say which address a request comes from'
    : null;
}

/**
 * Connections of one process to Postgres, three for each core of this machine. On two cores a checkout costs Postgres some
 * 8 % less with six of them than with ten: each has plans and tables of its own in memory (docs/performance.md).
 */
export function poolFor(cores: number): number {
  return Math.min(Math.max(3 * cores, 6), 10);
}

/** Of the connections, what a rush of checkouts takes at most: the others are left to everybody else. */
export function checkoutsIn(pool: number): number {
  return pool > 1 ? Math.min(Math.floor((pool * 2) / 3), 100) : 1;
}

const WEAK = /^(changeme|change-me|password|secret|admin|test|example|default|emporium)/i;

/**
 * Reads and checks the settings.
 * @throws {ConfigError} that lists every problem
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const production = env.NODE_ENV === 'production';
  const text = (name: string, fallback: string) =>
    env[name] === undefined || env[name] === '' ? fallback : env[name].trim();
  const optional = (name: string) => text(name, '') || null;
  const list = (name: string) =>
    text(name, '')
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  const required = (name: string, why: string) => {
    if (production && !optional(name)) problems.push(`${name} is missing: ${why}`);
  };
  const integer = (name: string, fallback: number, min: number, max: number) => {
    const raw = text(name, String(fallback));
    const value = Number(raw);
    if (!/^\d+$/.test(raw) || value < min || value > max)
      problems.push(`${name} must be a whole number from ${min} to ${max}, not "${raw}"`);
    return value;
  };
  const flag = (name: string, fallback: boolean) => {
    const raw = text(name, fallback ? '1' : '0').toLowerCase();
    if (!['0', '1', 'true', 'false'].includes(raw)) problems.push(`${name} must be 1 or 0, not "${raw}"`);
    return raw === '1' || raw === 'true';
  };
  const url = (name: string, fallback: string, protocols: string[]) => {
    const raw = text(name, fallback);
    try {
      const parsed = new URL(raw);
      if (!protocols.includes(parsed.protocol)) throw new Error('protocol');
    } catch {
      problems.push(`${name} must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    }
    return raw.replace(/\/+$/, '');
  };

  const port = integer('PORT', 3000, 0, 65_535);
  required('PUBLIC_URL', 'the address under which the outside reaches the API');
  required('DATABASE_URL', 'nothing embedded starts in production');
  required('SMTP_URL', 'order confirmations need a mail server');
  const publicUrl = url('PUBLIC_URL', `http://localhost:${port}`, ['http:', 'https:']);
  const dataDir = text('DATA_DIR', '.data');

  const secrets = production ? null : loadOrCreateSecrets(dataDir);
  required('SIGNING_KEY', 'make one with: openssl ecparam -name prime256v1 -genkey -noout | base64 -w0');
  required('ENCRYPTION_KEY', 'make one with: openssl rand -base64 32');
  const signingKeys: KeyObject[] = [];
  for (const pem of optional('SIGNING_KEY')
    ? splitKeys(text('SIGNING_KEY', ''))
    : secrets
      ? [secrets.signingKey]
      : []) {
    try {
      const key = createPrivateKey(
        pem.includes('BEGIN') ? pem.replaceAll('\\n', '\n') : Buffer.from(pem, 'base64').toString('utf8'),
      );
      if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
        throw new Error('curve');
      signingKeys.push(key);
    } catch {
      problems.push('SIGNING_KEY must be an EC P-256 private key as PEM, or its base64');
    }
  }
  const encryptionKey = Buffer.from(text('ENCRYPTION_KEY', secrets?.encryptionKey ?? ''), 'base64');
  if ((optional('ENCRYPTION_KEY') || secrets) && encryptionKey.length !== 32)
    problems.push('ENCRYPTION_KEY must be 32 bytes in base64');
  // Chance gives some thirty different bytes; zeros, words and repetitions have few.
  else if (production && optional('ENCRYPTION_KEY') && new Set(encryptionKey).size < 9)
    problems.push('ENCRYPTION_KEY is not random: make one with openssl rand -base64 32');

  const metricsToken = optional('METRICS_TOKEN');
  if (metricsToken && (metricsToken.length < 16 || (production && WEAK.test(metricsToken)))) {
    problems.push('METRICS_TOKEN is weak: at least 16 random characters');
  }
  const adminPassword = optional('ADMIN_PASSWORD');
  if (adminPassword && (adminPassword.length < 15 || (production && WEAK.test(adminPassword)))) {
    problems.push('ADMIN_PASSWORD is weak: at least 15 characters');
  }
  const adminEmail = text('ADMIN_EMAIL', 'admin@emporium.example');
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(adminEmail)) problems.push('ADMIN_EMAIL is not an e-mail address');

  const origins = list('CORS_ORIGINS');
  for (const origin of origins) {
    if (!/^https?:\/\/[^/*\s]+$/.test(origin))
      problems.push(`CORS_ORIGINS: "${origin}" is not an origin such as https://shop.example.com`);
  }
  const currency = text('CURRENCY', 'USD');
  if (!isCurrency(currency)) problems.push(`CURRENCY: "${text('CURRENCY', '')}" is not an ISO 4217 code`);
  const catalogLanguage = text('CATALOG_LANGUAGE', 'en');
  if (!/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/.test(catalogLanguage))
    problems.push(`CATALOG_LANGUAGE: "${catalogLanguage}" is not a language tag such as en or de-AT`);
  const logLevel = text('LOG_LEVEL', production ? 'info' : 'warn') as Config['logLevel'];
  if (!['debug', 'info', 'warn', 'error', 'silent'].includes(logLevel))
    problems.push('LOG_LEVEL must be debug, info, warn, error or silent');
  const trustProxy = list('TRUST_PROXY');
  for (const network of trustProxy) {
    const problem = proxyProblem(network);
    if (problem) problems.push(`TRUST_PROXY: "${network}" ${problem}`);
  }
  const publicDocs = flag('PUBLIC_DOCS', true);
  const smtpUrl = optional('SMTP_URL');
  if (smtpUrl) url('SMTP_URL', smtpUrl, ['smtp:', 'smtps:']);
  const mediaStore = optional('MEDIA_STORE');
  if (mediaStore && !/^s3:\/\/[^:@/]+:[^:@/]+@[^/?]+\/[^/?]+/.test(mediaStore))
    problems.push('MEDIA_STORE must look like s3://key:secret@host/bucket?region=eu-central-1');
  if (optional('DATABASE_URL')) url('DATABASE_URL', '', ['postgres:', 'postgresql:']);
  if (optional('REDIS_URL')) url('REDIS_URL', '', ['redis:', 'rediss:']);

  const databasePool = integer('DATABASE_POOL', poolFor(availableParallelism()), 2, 200);

  const config: Config = {
    production,
    port,
    host: text('HOST', production ? '0.0.0.0' : '127.0.0.1'),
    publicUrl,
    storefrontUrl: url('STOREFRONT_URL', publicUrl, ['http:', 'https:']),
    dataDir,
    databaseUrl: loadDatabaseUrl(env),
    databasePool,
    redisUrl: optional('REDIS_URL'),
    stripe: stripeSettings(),
    admin: { email: adminEmail, password: adminPassword },
    mediaStore,
    smtpUrl,
    oidcProviders: readOidcProviders({ production, text, list, url, problems }),
    corsOrigins: origins.length > 0 ? origins : production ? [] : [/^https?:\/\/(localhost|127\.0\.0\.1)(:\d{1,5})?$/],
    trustProxy,
    metricsToken,
    requirePublishableKey: flag('REQUIRE_PUBLISHABLE_KEY', false),
    publicDocs: { storefront: publicDocs, staff: publicDocs && !production },
    logLevel,
    currency,
    catalogLanguage,
    reservationTtlMin: integer('RESERVATION_TTL_MIN', 15, 1, 1440),
    rateLimits: {
      readsPerMin: integer('RATE_LIMIT_READS_PER_MIN', production ? 3_000 : 30_000, 1, 100_000_000),
      writesPerMin: integer('RATE_LIMIT_WRITES_PER_MIN', production ? 600 : 20_000, 1, 100_000_000),
      cartWritesPerMin: integer('RATE_LIMIT_CART_WRITES_PER_MIN', 120, 1, 100_000_000),
      loginsPerMin: integer('RATE_LIMIT_LOGINS_PER_MIN', 10, 1, 100_000_000),
    },
    taxService: {
      url: optional('TAX_SERVICE_URL') && url('TAX_SERVICE_URL', '', ['http:', 'https:']),
      fallback: flag('TAX_SERVICE_REQUIRED', false) ? 'refuse' : 'table',
    },
    checkoutConcurrency: integer('CHECKOUT_CONCURRENCY', checkoutsIn(databasePool), 1, 100),
    demo: flag('DEMO', !production),
    manualPayments: flag('MANUAL_PAYMENTS', !production),
    migrate: flag('MIGRATE', !production),
    jobs: flag('JOBS', !production),
    failpoints: optional('FAILPOINTS'),
    signingKeys,
    encryptionKey,
  };
  if (production && config.failpoints !== null)
    problems.push('FAILPOINTS end the process without warning: they are for tests, not for production');
  if (problems.length > 0) throw new ConfigError(problems);
  return config;

  function stripeSettings(): Config['stripe'] {
    const secretKey = optional('STRIPE_SECRET_KEY');
    const apiBase = url('STRIPE_API_BASE', 'https://api.stripe.com', ['http:', 'https:']);
    if (!secretKey) return null;
    if (!/^(sk|rk)_(test|live)_\S+$/.test(secretKey))
      problems.push('STRIPE_SECRET_KEY does not look like a secret key (sk_… or rk_…)');
    const custom = apiBase !== 'https://api.stripe.com';
    if (/^(sk|rk)_live_/.test(secretKey) && custom) {
      problems.push(
        'STRIPE_API_BASE is not Stripe, and STRIPE_SECRET_KEY is a live key: a live key is only ever sent to Stripe',
      );
    }
    const webhookSecrets = list('STRIPE_WEBHOOK_SECRET');
    if (webhookSecrets.length === 0)
      problems.push('STRIPE_WEBHOOK_SECRET is missing: without it no payment could be trusted');
    if (webhookSecrets.some((secret) => !secret.startsWith('whsec_') || secret.length < 12)) {
      problems.push('STRIPE_WEBHOOK_SECRET: each one begins with whsec_');
    }
    const publishableKey = text('STRIPE_PUBLISHABLE_KEY', '');
    if (!/^pk_(test|live)_\S+$/.test(publishableKey))
      problems.push('STRIPE_PUBLISHABLE_KEY is missing or not a publishable key (pk_…)');
    return {
      secretKey,
      publishableKey,
      webhookSecrets,
      apiBase,
      emulated: /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|$|\/)/.test(apiBase),
    };
  }
}

/** PEM blocks contain no commas, nor does base64: several keys are separated by commas. */
function splitKeys(value: string): string[] {
  return value
    .split(',')
    .map((key) => key.trim())
    .filter(Boolean);
}
