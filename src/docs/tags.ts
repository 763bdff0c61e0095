/** A group of operations as a reader of the documentation looks for it. */
export interface DocumentedTag {
  name: string;
  description: string;
}

/** Groups of the storefront document, in the order of a shopper's way. */
export const STOREFRONT_TAGS: readonly DocumentedTag[] = [
  { name: 'Catalog', description: 'Products, facets, search and categories. Cacheable, no credentials.' },
  { name: 'Reviews', description: 'What customers say of products. Reading takes no credentials.' },
  {
    name: 'Cart',
    description:
      '`POST /v1/carts` returns its `token` once; send it as `X-Cart-Token`. Customers who are signed in need none.',
  },
  { name: 'Checkout', description: 'Turns one cart into one order, whatever is repeated.' },
  {
    name: 'Orders',
    description: 'An order as its buyer sees it: signed in, or with the token of the cart that it was.',
  },
  { name: 'Authentication', description: 'One door for customers and staff: sign in, renew, sign out.' },
  {
    name: 'Account',
    description: 'What belongs to a customer who is signed in: profile, addresses, orders, sessions.',
  },
  { name: 'Webhooks', description: 'Where payment providers report. Signed; not for storefronts.' },
  { name: 'Health', description: 'Whether the shop is alive and ready, for load balancers.' },
];

/** Groups of the staff document, in the order of the day's work. */
export const STAFF_TAGS: readonly DocumentedTag[] = [
  { name: 'Authentication', description: 'Execute `login` here and this page is authorized, and stays so.' },
  { name: 'Orders', description: 'Find orders, cancel, ship, capture and refund.' },
  { name: 'Payments', description: 'Payments as the provider knows them, and the webhooks it sent.' },
  { name: 'Products', description: 'Create, edit and archive products, variants, prices and images.' },
  { name: 'Categories', description: 'The tree that shoppers browse.' },
  { name: 'Attributes', description: 'What a shop says of its products beyond what every product says.' },
  { name: 'Translations', description: 'What products, categories, collections and options say in other languages.' },
  { name: 'Search', description: 'Words of shoppers that stand for others.' },
  { name: 'Collections', description: 'Products that are shown together, by hand or by a rule.' },
  { name: 'Reviews', description: 'What customers say: publish, refuse, answer.' },
  { name: 'Customers', description: 'Who buys here: accounts, orders, groups.' },
  { name: 'Markets', description: 'Countries with their currency, and whether prices include the tax.' },
  { name: 'Price lists', description: 'Sales with a schedule, prices for groups and for quantities.' },
  { name: 'Inventory', description: 'What is on hand, what is promised, and every movement of it.' },
  { name: 'Imports', description: 'Upload a product file and follow its progress.' },
  { name: 'Exports', description: 'CSV files of what the shop has, in the format that imports read.' },
  { name: 'Settings', description: 'Shop name, currency, addresses, payment methods.' },
  { name: 'Ledger', description: 'The double-entry book of all money: entries and balances.' },
  { name: 'Disputes', description: 'What cardholders complain of at their banks, and how the shop answers.' },
  { name: 'Reconciliation', description: "Our book of money compared with Stripe's, and what was found." },
  { name: 'Promotions', description: 'What is given off, to whom and when; codes, limits, and why one did not apply.' },
  { name: 'Gift cards', description: 'Money in advance for whoever knows a code: issue, find, adjust, withdraw.' },
  { name: 'Taxes', description: 'Rates by country and state.' },
  { name: 'Shipping', description: 'Zones, methods and their prices.' },
  { name: 'Staff', description: 'Who works here, and what each of them may do.' },
  { name: 'API keys', description: 'Keys with which other programs enter, each for what it is made for.' },
  {
    name: 'Audit log',
    description: 'Who changed what, when and from where; and whether that is still what was written down.',
  },
  { name: 'Jobs', description: 'Work in the background: waiting, failed, dead letters, and trying them again.' },
];
