/**
 * The declared module graph. A module imports another one only if it is named here, and only through its index.ts.
 * Modules stand in the order of src/modules/index.ts: each may use those above it, never one below, so calls go down and
 * events go up. .dependency-cruiser.mjs makes rules of it, docs/architecture.md draws it, and tests compare all three.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const MODULES = {
  auth: [],
  audit: ['auth'],
  pricing: [],
  settings: ['auth', 'pricing'],
  catalog: ['auth', 'settings'],
  inventory: ['auth', 'catalog'],
  promotions: ['auth', 'pricing', 'settings'],
  ledger: ['auth'],
  credits: ['auth', 'pricing', 'ledger'],
  cart: ['auth', 'pricing', 'settings', 'catalog', 'promotions', 'credits'],
  orders: ['auth', 'pricing', 'catalog', 'promotions', 'cart'],
  customers: ['auth', 'settings', 'catalog', 'pricing', 'credits', 'cart', 'orders'],
  downloads: ['auth', 'credits', 'orders'],
  reviews: ['auth', 'catalog', 'customers'],
  oidc: ['auth', 'customers'],
  payments: ['auth', 'inventory', 'credits', 'pricing', 'orders', 'customers', 'ledger'],
  checkout: ['auth', 'settings', 'inventory', 'credits', 'promotions', 'cart', 'orders', 'payments'],
  imports: ['auth', 'settings', 'catalog', 'inventory', 'customers'],
  exports: ['auth', 'settings', 'catalog'],
  demo: ['auth'],
  notifications: ['auth', 'credits', 'downloads'],
  operations: ['auth', 'catalog', 'credits', 'orders'],
};

/**
 * What each lib may use of the others. A lib does not know that there is a shop.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const LIBS = {
  context: [],
  csv: [],
  errors: [],
  failpoints: [],
  html: [],
  ids: [],
  'local-stack': [],
  log: ['context'],
  money: [],
  sealing: [],
  'object-store': [],
  'stripe-emulator': [],
  vitals: [],
  database: ['context', 'errors'],
  http: ['database', 'errors', 'ids', 'log', 'money', 'sealing'],
  outbox: ['database', 'ids'],
  jobs: ['database', 'ids', 'log', 'outbox'],
};
