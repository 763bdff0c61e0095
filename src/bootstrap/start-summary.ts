import type { Config } from '../config/index.js';
import { WELL_KNOWN } from '../db/seed/well-known.js';
import type { StartSummary } from './launcher-channel.js';
import type { FirstOwner } from './prepare-shop.js';

/** What a newcomer needs to see when the shop is open: where to look, how to sign in, and a first order to copy. */
export function startSummary(config: Config, owner: FirstOwner): StartSummary {
  const base = config.publicUrl;
  return {
    urls: {
      Start: `${base}/`,
      'Storefront docs': `${base}/docs`,
      'Admin docs': `${base}/docs/admin`,
      ...(config.production ? {} : { Mailbox: `${base}/dev/mailbox`, Jobs: `${base}/dev/jobs` }),
      ...(config.stripe?.emulated ? { 'Stripe emulator': config.stripe.apiBase } : {}),
    },
    lines: [
      owner
        ? `Admin login   ${owner.email} / ${owner.generated ? `${owner.password}   (shown this once)` : 'ADMIN_PASSWORD'}`
        : `Admin login   as before; a new one: npm run shop -- admin create --email you@example.com`,
    ],
    curl: config.demo ? firstOrder(base, config) : [],
  };
}

function firstOrder(base: string, config: Config): string[] {
  const address = `{"firstName":"Ada","lastName":"Lovelace","line1":"1 Main Street","city":"Springfield","state":"IL","postalCode":"62701","country":"US"}`;
  return [
    `CART=$(curl -s ${base}/v1/carts -H 'Content-Type: application/json' -d '{"lines":[{"variantId":"${WELL_KNOWN.variantId}","quantity":2}],"email":"ada@example.com","shippingAddress":${address},"shippingMethodId":"${WELL_KNOWN.shippingMethodId}"}')`,
    `ID=$(echo "$CART" | sed 's/.*"id":"\\(cart_[^"]*\\)".*/\\1/'); TOKEN=$(echo "$CART" | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    `curl -s ${base}/v1/carts/$ID/checkout -H 'Content-Type: application/json' -H "X-Cart-Token: $TOKEN" -H "Idempotency-Key: first-$ID" -d '{"paymentMethod":"${config.stripe ? 'stripe' : 'manual'}"}'`,
  ];
}
