/** One setting as the operator sees it; the README's table is checked against this list. */
export interface Setting {
  name: string;
  default: string;
  meaning: string;
}

/** Every environment variable that Emporium reads. */
export const SETTINGS: readonly Setting[] = [
  { name: 'PORT', default: '3000', meaning: 'port of the API' },
  { name: 'HOST', default: '127.0.0.1 (0.0.0.0 in production)', meaning: 'address the API listens on' },
  {
    name: 'PUBLIC_URL',
    default: 'http://localhost:PORT',
    meaning: 'where the outside reaches the API; required in production',
  },
  { name: 'STOREFRONT_URL', default: 'PUBLIC_URL', meaning: 'the shop that links in e-mails lead to' },
  { name: 'DATA_DIR', default: '.data', meaning: 'embedded Postgres, uploads, generated secrets' },
  {
    name: 'MEDIA_STORE',
    default: 'DATA_DIR/media',
    meaning: 'where pictures lie: s3://key:secret@host/bucket?region=… for several machines',
  },
  { name: 'DATABASE_URL', default: 'embedded Postgres', meaning: 'Postgres 15 or newer; required in production' },
  { name: 'DATABASE_POOL', default: '3 for each core, 6 to 10', meaning: 'connections of one process' },
  {
    name: 'REDIS_URL',
    default: 'a private redis-server, if one is on the PATH',
    meaning: 'queues and rate limits; without it both work in process',
  },
  {
    name: 'STRIPE_SECRET_KEY',
    default: 'the emulator',
    meaning: 'sk_test_… or sk_live_…; without it in production the provider is off',
  },
  { name: 'STRIPE_PUBLISHABLE_KEY', default: 'the emulator', meaning: 'handed to storefronts' },
  {
    name: 'STRIPE_WEBHOOK_SECRET',
    default: 'the emulator',
    meaning: 'whsec_…; several, comma-separated, while one is being rolled',
  },
  {
    name: 'STRIPE_API_BASE',
    default: 'https://api.stripe.com',
    meaning: 'another address is refused together with a live key',
  },
  { name: 'STRIPE_EMULATOR_PORT', default: '12111', meaning: 'port of the Stripe emulator of npm start' },
  {
    name: 'ADMIN_EMAIL',
    default: 'admin@emporium.example',
    meaning: 'the first owner, made when there is no staff yet',
  },
  {
    name: 'ADMIN_PASSWORD',
    default: 'generated, shown once',
    meaning: 'at least 15 characters; required in production while there is no staff',
  },
  {
    name: 'SMTP_URL',
    default: 'the mailbox page /dev/mailbox',
    meaning: 'smtp://user:password@host:587; required in production',
  },
  {
    name: 'TAX_SERVICE_URL',
    default: 'the tax rates of the shop',
    meaning: 'a service that is asked for the tax of carts; see docs/pricing.md',
  },
  {
    name: 'TAX_SERVICE_REQUIRED',
    default: '0',
    meaning: '1: no checkout while that service does not answer; 0: the tax rates of the shop hold then',
  },
  {
    name: 'CORS_ORIGINS',
    default: 'localhost on any port (none in production)',
    meaning: 'comma-separated origins of storefronts',
  },
  { name: 'TRUST_PROXY', default: 'none', meaning: 'comma-separated addresses or networks of your reverse proxies' },
  {
    name: 'METRICS_TOKEN',
    default: 'none: /metrics answers loopback only',
    meaning: 'bearer token for /metrics, at least 16 characters',
  },
  {
    name: 'PUBLIC_DOCS',
    default: '1',
    meaning: '0: /docs and /openapi.json ask staff to sign in; /docs/admin always does in production',
  },
  {
    name: 'OIDC_PROVIDERS',
    default: 'none',
    meaning: 'comma-separated names of OpenID Connect providers where people may sign in, for example google',
  },
  {
    name: 'OIDC_<NAME>_ISSUER',
    default: 'required for each',
    meaning: 'its address, https in production; PUBLIC_URL/v1/auth/oidc/<name>/callback has to be registered there',
  },
  { name: 'OIDC_<NAME>_CLIENT_ID', default: 'required for each', meaning: 'who the shop is there' },
  { name: 'OIDC_<NAME>_CLIENT_SECRET', default: 'required for each', meaning: 'and its secret' },
  { name: 'OIDC_<NAME>_SCOPES', default: 'openid email profile', meaning: 'what the shop asks it for' },
  { name: 'OIDC_<NAME>_LABEL', default: 'the name', meaning: 'for a button' },
  { name: 'OIDC_<NAME>_FOR', default: 'customers', meaning: 'customers, staff or customers,staff' },
  { name: 'LOG_LEVEL', default: 'warn (info in production)', meaning: 'debug, info, warn, error or silent' },
  { name: 'CURRENCY', default: 'USD', meaning: 'currency of a new shop, ISO 4217' },
  {
    name: 'CATALOG_LANGUAGE',
    default: 'en',
    meaning: 'language that products are written in; others are translations',
  },
  {
    name: 'RESERVATION_TTL_MIN',
    default: '15',
    meaning: 'minutes that an unpaid order holds its stock; twice as many at most while 3D Secure is under way',
  },
  {
    name: 'REQUIRE_PUBLISHABLE_KEY',
    default: '0',
    meaning: '1: storefronts must show a publishable key with every request',
  },
  { name: 'RATE_LIMIT_READS_PER_MIN', default: '3000 (30000 outside production)', meaning: 'reads of one address' },
  { name: 'RATE_LIMIT_WRITES_PER_MIN', default: '600 (20000 outside production)', meaning: 'writes of one address' },
  {
    name: 'RATE_LIMIT_CART_WRITES_PER_MIN',
    default: '120',
    meaning: 'writes to one cart or order, and of one customer',
  },
  { name: 'RATE_LIMIT_LOGINS_PER_MIN', default: '10', meaning: 'logins of one address' },
  {
    name: 'CHECKOUT_CONCURRENCY',
    default: 'two of three in DATABASE_POOL',
    meaning: 'checkouts inside Postgres at the same time; others wait up to 10 s',
  },
  { name: 'DEMO', default: '1 (0 in production)', meaning: 'seed the demo shop into an empty database' },
  { name: 'MANUAL_PAYMENTS', default: '1 (0 in production)', meaning: 'whether a new shop takes invoice and cash' },
  { name: 'MIGRATE', default: '1 (0 in production)', meaning: 'run migrations when the API starts' },
  {
    name: 'JOBS',
    default: '1 (0 in production)',
    meaning: 'run jobs in the API process; in production src/worker runs them',
  },
  {
    name: 'FAILPOINTS',
    default: 'none',
    meaning: 'name:kill ends the process without warning at that place of the code; for tests, refused in production',
  },
  {
    name: 'SIGNING_KEY',
    default: 'generated into DATA_DIR',
    meaning:
      'EC P-256 private key (PEM or its base64) that signs access tokens; several, comma-separated: the first signs',
  },
  { name: 'ENCRYPTION_KEY', default: 'generated into DATA_DIR', meaning: '32 bytes in base64: kept answers and links' },
  {
    name: 'NODE_ENV',
    default: 'development',
    meaning: 'production: nothing embedded starts, every setting is checked',
  },
];
