import { newUuid } from '#libs/ids';
import { Ledger, type Posting } from '../../src/modules/ledger/index.js';
import { Ledger1790000000007 } from '../../src/db/migrations/1790000000007-ledger.js';
import { Sums1790000000026 } from '../../src/db/migrations/1790000000026-sums.js';
import { FoldBalances } from '../../src/modules/ledger/fold-balances.job.js';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { RACE_ROUNDS } from '../support/rounds.js';
import type { CallOptions } from '../support/shop.js';

/** Card fee of the emulator: 2.9 % and 30 minor units. */
const feeOf = (amount: number) => Math.round(amount * 0.029) + 30;

describe('the ledger', () => {
  const payments = usePaymentShop();
  const call = (method: string, path: string, options: CallOptions = {}) =>
    payments.shop.call(method, path, { bearer: payments.bearer, ...options });
  const total = 2000;
  const entries = async (query: string) =>
    (await call('GET', `/v1/admin/ledger/entries?limit=100&${query}`)).body.data as {
      transactionId: string;
      kind: string;
      account: string;
      amount: { amount: number; currency: string };
      providerRef: string | null;
    }[];
  /** What the accounts hold of one payment. */
  async function book(paymentId: string): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const { account, amount } of await entries(`paymentId=${paymentId}`))
      sums[account] = (sums[account] ?? 0) + amount.amount;
    return Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== 0));
  }

  it('enters a charge and its fee, a refund, and a refund that comes back', async () => {
    const sale = await payments.place({ pay: 'pm_card_refundFail' });
    await payments.shop.quiet();
    const fee = feeOf(total);
    expect(await book(sale.paymentId)).toEqual({
      'provider_balance:stripe': total - fee,
      customer_payments: -total,
      provider_fees: fee,
    });
    expect((await payments.refund(sale, { amount: 700 })).body.status).toBe('succeeded');
    expect(await book(sale.paymentId)).toMatchObject({
      refunds: 700,
      'provider_balance:stripe': total - fee - 700,
    });
    payments.stripe.settle();
    await payments.shop.until(
      async () => (await book(sale.paymentId)).refunds === undefined,
      'the refund to come back',
    );
    expect(await book(sale.paymentId)).toMatchObject({ 'provider_balance:stripe': total - fee });
    const kinds = (await entries(`orderId=${sale.orderId}`)).map((e) => e.kind);
    expect([...new Set(kinds)].sort()).toEqual(['capture', 'fee', 'refund', 'refund_failed']);
  });

  it('shows a pending refund in transit', async () => {
    const sale = await payments.place({ pay: 'pm_card_pendingRefund' });
    await payments.refund(sale, { amount: 400 });
    expect(await book(sale.paymentId)).toMatchObject({ refunds_in_transit: 400 });
    payments.stripe.settle();
    await payments.shop.until(async () => (await book(sale.paymentId)).refunds === 400, 'the refund to arrive');
    expect(await book(sale.paymentId)).not.toHaveProperty('refunds_in_transit');
  });

  it('enters a manual payment when it is marked paid, and its refund', async () => {
    await payments.shop.db.query(`UPDATE shop_settings SET manual_payments = true`);
    const { cart } = await payments.fill();
    const placed = await payments.shop.checkout(cart, { paymentMethod: 'manual' });
    expect(placed.status).toBe(201);
    const sale = { orderId: placed.body.order.id as string, paymentId: placed.body.payment.id as string };
    expect(await book(sale.paymentId)).toEqual({});
    const paid = () => call('POST', `/v1/admin/orders/${sale.orderId}/payments/${sale.paymentId}/mark-paid`);
    expect([(await paid()).status, (await paid()).status]).toEqual([200, 200]);
    expect(await book(sale.paymentId)).toEqual({
      'provider_balance:manual': total,
      customer_payments: -total,
    });
    await call('POST', `/v1/admin/orders/${sale.orderId}/refunds`, { key: newUuid(), body: { amount: 300 } });
    expect(await book(sale.paymentId)).toMatchObject({ 'provider_balance:manual': total - 300, refunds: 300 });
  });

  it('enters what is captured for goods that are gone, and its way back', async () => {
    const sale = await payments.place({ stock: 2 });
    await payments.endHere(sale);
    const other = await payments.place({ variantId: sale.variantId, pay: 'pm_card_visa' });
    expect(other.payment.status).toBe('succeeded');
    await payments.shop.confirm(sale.clientSecret);
    await payments.shop.until(async () => (await book(sale.paymentId)).refunds === total, 'the automatic refund');
    await payments.shop.quiet();
    const fee = feeOf(total);
    expect(await book(sale.paymentId)).toEqual({
      'provider_balance:stripe': -fee,
      customer_payments: -total,
      refunds: total,
      provider_fees: fee,
    });
  });

  it('enters a refund made in the dashboard', async () => {
    const sale = await payments.place({ pay: 'pm_card_visa' });
    payments.stripe.dashboardRefund(sale.intent, 250);
    await payments.shop.until(async () => (await book(sale.paymentId)).refunds === 250, 'the refund of the dashboard');
  });

  it('has no fee as long as Stripe has not said it, and then has it once', async () => {
    payments.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['charge.updated'] }] });
    let sale!: Sale;
    await payments.withLateFees(async () => {
      sale = await payments.place({ pay: 'pm_card_visa' });
      await payments.shop.quiet();
      expect(await book(sale.paymentId)).not.toHaveProperty('provider_fees');
      return sale;
    });
    payments.stripe.clearChaos();
    const sync = () => call('POST', `/v1/admin/payments/${sale.paymentId}/sync`);
    expect((await Promise.all([sync(), sync(), sync()])).map((a) => a.status)).toEqual([200, 200, 200]);
    expect(await book(sale.paymentId)).toMatchObject({ provider_fees: feeOf(total) });
    expect((await entries(`paymentId=${sale.paymentId}&account=provider_fees`)).length).toBe(1);
  });

  it('enters a capture once when webhook, return and staff tell of it at the same time', async () => {
    for (let round = 0; round < RACE_ROUNDS; round += 1) {
      const sale = await payments.place();
      payments.stripe.setChaos({
        webhooks: [{ kind: 'duplicate', types: ['payment_intent.succeeded'], times: 5, isConcurrent: true }],
      });
      await payments.shop.confirm(sale.clientSecret);
      await Promise.all([
        ...[1, 2, 3].map(() =>
          call('POST', `/v1/orders/${sale.orderId}/payments/sync`, { token: sale.token, body: {} }),
        ),
        ...[1, 2, 3].map(() => call('POST', `/v1/admin/payments/${sale.paymentId}/sync`)),
      ]);
      await payments.shop.quiet();
      const captures = (await entries(`paymentId=${sale.paymentId}`)).filter((e) => e.kind === 'capture');
      expect(captures.map((e) => e.amount.amount).sort((a, b) => a - b)).toEqual([-total, total]);
    }
  });

  describe('in Postgres', () => {
    const ledger = () => payments.shop.app.get(Ledger, { strict: false });
    const posting = (fact: string, ...amounts: number[]): Posting => ({
      fact,
      kind: 'test',
      orderId: null,
      paymentId: null,
      entries: amounts.map((amount, i) => ({
        account: i === 0 ? 'provider_balance:manual' : 'customer_payments',
        currency: 'EUR',
        amount,
      })),
    });
    const count = async (fact: string) =>
      (
        await payments.shop.db.query<{ n: number }>(`SELECT count(*) AS n FROM ledger_transactions WHERE fact = $1`, [
          fact,
        ])
      )[0]!.n;

    it('a fact that is posted twice at once is entered once', async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const fact = `race:${newUuid()}`;
        const done = await Promise.all(
          Array.from({ length: 8 }, () =>
            payments.shop.db.transaction((tx) => ledger().post(tx, posting(fact, 100, -100))),
          ),
        );
        expect(done.filter(Boolean).length).toBe(1);
        expect(await count(fact)).toBe(1);
      }
    });

    it('what does not balance is not committed', async () => {
      const fact = `lopsided:${newUuid()}`;
      await expect(payments.shop.db.transaction((tx) => ledger().post(tx, posting(fact, 100, -99)))).rejects.toThrow(
        /balance/,
      );
      expect(await count(fact)).toBe(0);
      const mixed = posting(fact, 100, -100);
      await expect(
        payments.shop.db.transaction((tx) =>
          ledger().post(tx, {
            ...mixed,
            entries: mixed.entries.map((entry, i) => ({ ...entry, currency: i === 0 ? 'EUR' : 'USD' })),
          }),
        ),
      ).rejects.toThrow(/balance/);
      await expect(
        payments.shop.db.query(`INSERT INTO ledger_transactions (id, fact, kind) VALUES ($1, $2, 'test')`, [
          newUuid(),
          fact,
        ]),
      ).rejects.toThrow(/balance/);
      expect(await count(fact)).toBe(0);
    });

    it('what is entered is never changed, and nothing is added to it', async () => {
      const fact = `closed:${newUuid()}`;
      await payments.shop.db.transaction((tx) => ledger().post(tx, posting(fact, 100, -100)));
      const of = `(SELECT id FROM ledger_transactions WHERE fact = '${fact}')`;
      await expect(
        payments.shop.db.query(`UPDATE ledger_entries SET amount = amount * 2 WHERE transaction_id = ${of}`),
      ).rejects.toThrow(/append-only/);
      await expect(payments.shop.db.query(`DELETE FROM ledger_entries WHERE transaction_id = ${of}`)).rejects.toThrow(
        /append-only/,
      );
      await expect(
        payments.shop.db.query(`UPDATE ledger_transactions SET fact = 'x' WHERE fact = '${fact}'`),
      ).rejects.toThrow(/append-only/);
      await expect(payments.shop.db.query(`TRUNCATE ledger_entries`)).rejects.toThrow(/append-only/);
      await expect(
        payments.shop.db.query(
          `INSERT INTO ledger_entries (id, transaction_id, account, currency, amount)
           SELECT gen_random_uuid(), t.id, a, 'EUR', n FROM ${of} AS t(id), (VALUES ('refunds', 5), ('customer_payments', -5)) AS v(a, n)`,
        ),
      ).rejects.toThrow(/closed/);
    });

    it('the past is entered by the migration, and running that again adds nothing', async () => {
      const before = await payments.shop.db.query<{ n: number }>(`SELECT count(*) AS n FROM ledger_entries`);
      const runner = payments.shop.db.dataSource.createQueryRunner();
      try {
        const migration = new Ledger1790000000007();
        await migration.up(runner);
        expect(await payments.shop.db.query(`SELECT count(*) AS n FROM ledger_entries`)).toEqual(before);
        const held = await payments.shop.db.query(
          `SELECT account, currency, sum(amount)::bigint AS amount FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
           WHERE t.kind IN ('capture', 'refund', 'refund_sent', 'refund_failed', 'excess') GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2`,
        );
        await runner.query(`DROP TABLE ledger_entries, ledger_transactions, provider_transactions`);
        await migration.up(runner);
        expect(
          await payments.shop.db.query(
            `SELECT account, currency, sum(amount)::bigint AS amount FROM ledger_entries GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2`,
          ),
        ).toEqual(held);
        // The sums of the accounts are told of it by their migration, which may run again as well.
        for (let run = 0; run < 2; run += 1) await new Sums1790000000026().up(runner);
        expect(await balances()).toEqual(await addedUp());
      } finally {
        await runner.release();
      }
    });
  });

  /** What the accounts hold by the short way, and by adding up all entries; without those that hold nothing. */
  const balances = async () =>
    (
      (await call('GET', '/v1/admin/ledger/balances')).body.data as { account: string; balance: { amount: number } }[]
    ).filter(({ balance }) => balance.amount !== 0);
  const addedUp = () =>
    payments.shop.db.query(
      `SELECT account, json_build_object('amount', sum(amount), 'currency', currency) AS balance
       FROM ledger_entries GROUP BY account, currency HAVING sum(amount) <> 0 ORDER BY account, currency`,
    );

  it('knows what accounts hold without reading its entries, also while others enter and fold', async () => {
    const ledger = payments.shop.app.get(Ledger, { strict: false });
    const fold = payments.shop.app.get(FoldBalances, { strict: false });
    const enter = (n: number) =>
      payments.shop.db.transaction(async (tx) => {
        await ledger.post(tx, {
          fact: `fold:${newUuid()}`,
          kind: 'test',
          orderId: null,
          paymentId: null,
          entries: [
            { account: 'customer_payments', currency: 'EUR', amount: n },
            { account: 'refunds', currency: 'EUR', amount: -n },
          ],
        });
        if (n % 7 === 0) throw new Error('not this time');
      });
    for (let round = 0; round < RACE_ROUNDS; round += 1) {
      await Promise.all([
        ...Array.from({ length: 30 }, (_, n) => enter(n + 1).catch(() => undefined)),
        ...Array.from({ length: 4 }, () => fold.handle()),
        payments.shop.balance(),
      ]);
      expect(await balances()).toEqual(await addedUp());
    }
    await fold.handle();
    expect(await payments.shop.db.query(`SELECT 1 FROM ledger_unfolded`)).toEqual([]);
    expect(await balances()).toEqual(await addedUp());
  });

  it('is for staff who may see payments, with cursors and balances', async () => {
    expect((await call('GET', '/v1/admin/ledger/entries', { bearer: undefined })).status).toBe(401);
    expect(
      (await call('GET', '/v1/admin/ledger/entries', { bearer: await payments.shop.staff('fulfillment') })).status,
    ).toBe(403);
    const first = await call('GET', '/v1/admin/ledger/entries?limit=3&include=total');
    expect(first.body.page.total).toBeGreaterThan(6);
    const second = await call('GET', `/v1/admin/ledger/entries?limit=3&cursor=${first.body.page.next}`);
    const ids = [...first.body.data, ...second.body.data].map((e: { id: string }) => e.id);
    expect(new Set(ids).size).toBe(6);
    expect((await call('GET', '/v1/admin/ledger/entries?account=pockets')).status).toBe(400);
    const future = await entries('createdAt[gte]=2999-01-01');
    expect(future).toEqual([]);
    const { data } = (await call('GET', '/v1/admin/ledger/balances')).body;
    const usd = data.filter((row: { balance: { currency: string } }) => row.balance.currency === 'USD');
    expect(usd.map((row: { account: string }) => row.account)).toContain('provider_balance:stripe');
    expect(usd.reduce((sum: number, row: { balance: { amount: number } }) => sum + row.balance.amount, 0)).toBe(0);
  });
});
