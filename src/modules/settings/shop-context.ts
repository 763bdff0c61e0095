import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import type { PromotionRule } from '../pricing/index.js';
import type {
  ActivePromotions,
  MarketSnapshot,
  ShippingZoneSnapshot,
  ShopSnapshot,
  TaxRateSnapshot,
} from './shop-snapshot.js';

/** How long the cached settings are believed without a look at their version. */
const TRUSTED_MS = 1_000;

interface SnapshotRow {
  name: string;
  currency: string;
  sender_email: string;
  notify_email: string;
  country: string | null;
  prices_include_tax: boolean;
  manual_payments: boolean;
  stripe_payments: boolean;
  payment_capture: 'automatic' | 'manual';
  low_stock_threshold: number;
  version: number;
  markets: MarketSnapshot[];
  tax_rates: TaxRateSnapshot[];
  zones: ShippingZoneSnapshot[];
  promotions: PromotionRow[];
  promotion_facts: string[];
  uses: string[];
}

type PromotionRow = Omit<PromotionRule, 'code' | 'hindrance'> & { method: 'automatic' | 'code' };

/** One statement, so that all parts are of the same version. */
const SNAPSHOT = `
  SELECT s.name, s.currency, s.sender_email, s.notify_email, s.country, s.prices_include_tax, s.manual_payments,
         s.stripe_payments, s.payment_capture, s.low_stock_threshold, s.version, s.promotion_facts, s.uses,
         coalesce((
           SELECT jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'countries', m.countries, 'currency', m.currency,
                                               'pricesIncludeTax', m.prices_include_tax) ORDER BY m.id)
           FROM markets m), '[]') AS markets,
         coalesce((
           SELECT jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'country', t.country, 'state', t.state,
                                               'taxClassId', t.tax_class_id, 'ratePpm', t.rate_ppm, 'shipping', t.shipping) ORDER BY t.id)
           FROM tax_rates t), '[]') AS tax_rates,
         coalesce((
           SELECT jsonb_agg(jsonb_build_object('id', z.id, 'name', z.name, 'countries', z.countries, 'methods', coalesce((
             SELECT jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'currency', m.currency, 'position', m.position,
                                                 'rates', jsonb_build_array(jsonb_build_object('profileId', NULL,
                                                   'calculation', m.calculation, 'amount', m.amount, 'bands', m.bands,
                                                   'freeAbove', m.free_above)) || m.profile_rates,
                                                 'restrictions', m.restrictions)
                              ORDER BY m.position, m.id)
             FROM shipping_methods m WHERE m.zone_id = z.id AND m.active), '[]')) ORDER BY z.id)
           FROM shipping_zones z), '[]') AS zones,
         coalesce((
           SELECT jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'method', p.method, 'priority', p.priority,
                                               'exclusive', p.exclusive, 'combinesWith', p.combines_with, 'startsAt', p.starts_at,
                                               'endsAt', p.ends_at, 'conditions', p.conditions, 'action', p.action)
                            ORDER BY p.priority, p.id)
           FROM promotions p WHERE p.status = 'active' AND (p.ends_at IS NULL OR p.ends_at > now())), '[]') AS promotions
  FROM shop_settings s`;

function activePromotions({
  promotions,
  promotion_facts,
}: Pick<SnapshotRow, 'promotions' | 'promotion_facts'>): ActivePromotions {
  const selectors = new Map<string, unknown>();
  const rules = promotions.map(({ method, ...rule }) => {
    const conditions = withShared(selectors, rule.conditions);
    const action = withShared(selectors, rule.action);
    return { method, rule: { ...rule, conditions, action, code: null } };
  });
  return {
    automatic: rules.flatMap(({ method, rule }) => (method === 'automatic' ? [rule] : [])),
    byCode: Object.fromEntries(rules.flatMap(({ method, rule }) => (method === 'code' ? [[rule.id, rule]] : []))),
    asks: promotion_facts,
  };
}

/** Of promotions that mean the same goods one selector, so that pricing looks for their lines once. */
function withShared<T extends object>(selectors: Map<string, unknown>, of: T): T {
  const shared = Object.entries(of).map(([name, value]): [string, unknown] => {
    if (name !== 'items' && name !== 'buyItems') return [name, value];
    const content = JSON.stringify(value);
    if (!selectors.has(content)) selectors.set(content, value);
    return [name, selectors.get(content)];
  });
  return Object.fromEntries(shared) as T;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

/**
 * The settings of the shop, kept in this process, for the paths that every shopper walks. A caller whose own statement read
 * `shop_settings.version` gets settings that are at least as new, without another statement. For others a change by this
 * process holds at once, one by another process a second later.
 */
@Injectable()
export class ShopContext {
  private cached: ShopSnapshot | undefined;
  /** When that look at the version began which last found the cached settings to be the newest. */
  private checkedAt = -Infinity;
  private changedAt = -Infinity;
  private loading: Promise<ShopSnapshot> | undefined;

  constructor(private readonly db: Db) {}

  /**
   * The settings. The object is shared and frozen. May run a statement on another connection: call it before a
   * transaction, not in one.
   * @param knownVersion `shop_settings.version` as the caller has just read it
   */
  async get(knownVersion?: number): Promise<ShopSnapshot> {
    const { cached } = this;
    if (!cached) return this.load(knownVersion);
    if (knownVersion !== undefined) return knownVersion === cached.version ? cached : this.load(knownVersion);
    if (this.checkedAt > Math.max(this.changedAt, performance.now() - TRUSTED_MS)) return cached;
    return this.newest();
  }

  /** The settings as they are now, whatever this process knows: for staff, and before somebody is refused for what is missing. */
  async newest(): Promise<ShopSnapshot> {
    const askedAt = performance.now();
    const [row] = await this.db.query<{ version: number }>(`SELECT version FROM shop_settings`);
    const { cached } = this;
    if (!cached || row?.version !== cached.version) return this.load(row?.version);
    this.checkedAt = askedAt;
    return cached;
  }

  /** After a change by this process: who asks next looks first. */
  changed(): void {
    this.changedAt = performance.now();
  }

  /** The settings as this process knows them, old or not; for guesses that are checked against `shop_settings.version` afterwards. */
  get known(): ShopSnapshot | undefined {
    return this.cached;
  }

  /** Loads once for all who wait; a load that began before the wanted version was committed is not enough. */
  private async load(wanted: number | undefined): Promise<ShopSnapshot> {
    const joined = this.loading;
    if (joined) {
      const snapshot = await joined;
      if (wanted === undefined || snapshot.version >= wanted) return snapshot;
    }
    this.loading ??= this.read().finally(() => (this.loading = undefined));
    return this.loading;
  }

  private async read(): Promise<ShopSnapshot> {
    const askedAt = performance.now();
    const [row] = await this.db.query<SnapshotRow>(SNAPSHOT);
    if (!row)
      throw new Error('the shop has no settings yet: the first start of the API or `npm run shop -- seed` makes them');
    this.cached = deepFreeze({
      name: row.name,
      currency: row.currency,
      senderEmail: row.sender_email,
      notifyEmail: row.notify_email,
      country: row.country,
      pricesIncludeTax: row.prices_include_tax,
      manualPayments: row.manual_payments,
      stripePayments: row.stripe_payments,
      paymentCapture: row.payment_capture,
      lowStockThreshold: row.low_stock_threshold,
      version: row.version,
      markets: row.markets,
      taxRates: row.tax_rates,
      zones: row.zones,
      promotions: activePromotions(row),
      uses: row.uses,
    });
    this.checkedAt = askedAt;
    return this.cached;
  }
}
