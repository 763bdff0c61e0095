import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** With which the bench signs the events of Stripe. */
export const WEBHOOK_SECRET = `whsec_${randomBytes(24).toString('base64url')}`;

const UNLIMITED = '100000000';

/** The settings of a shop in production, all of them, on made-up secrets. */
export function productionSettings(given: {
  port: number;
  databaseUrl: string;
  redisUrl: string | null;
  smtpPort: number;
  stripeUrl: string;
  dataDir: string;
}): Record<string, string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    PORT: String(given.port),
    HOST: '127.0.0.1',
    PUBLIC_URL: `http://127.0.0.1:${given.port}`,
    DATA_DIR: given.dataDir,
    DATABASE_URL: given.databaseUrl,
    ...(given.redisUrl ? { REDIS_URL: given.redisUrl } : {}),
    SMTP_URL: `smtp://127.0.0.1:${given.smtpPort}`,
    STRIPE_SECRET_KEY: 'sk_test_bench',
    STRIPE_PUBLISHABLE_KEY: 'pk_test_bench',
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_BASE: given.stripeUrl,
    SIGNING_KEY: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ADMIN_PASSWORD: randomBytes(18).toString('base64url'),
    MANUAL_PAYMENTS: '1',
    LOG_LEVEL: 'warn',
    RATE_LIMIT_READS_PER_MIN: UNLIMITED,
    RATE_LIMIT_WRITES_PER_MIN: UNLIMITED,
    RATE_LIMIT_CART_WRITES_PER_MIN: UNLIMITED,
    // As if each came from an address of its own.
    RATE_LIMIT_LOGINS_PER_MIN: UNLIMITED,
  };
}
