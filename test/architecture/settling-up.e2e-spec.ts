import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TESTS = join(import.meta.dirname, '..');

/** Takes money through Stripe. */
const TAKES_MONEY = /\bpm_(?:card|emu)_|paymentMethod: 'stripe'|clientSecret/;
/** After each test the books are empty, the ledger balances, and Stripe was called as it should be. */
const SETTLES_UP = /\busePaymentShop\(|\bafterEach\((?:async )?\(\) =>[^;]*?\bsettleUp\(/;

/** Specs that settle up in another way, and why. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'chaos/crash-matrix': 'settles up twice within each test: when nobody did anything, and when all was said again',
  'chaos/credit-crashes': 'as the crash matrix',
  'e2e/books': 'plants faults that the books have to find; the shop before is in balance',
  'payments/lost-intents': 'asks Stripe without a shop, so that there are no books',
};

/** Specs by what they are called, without those that settle up. */
function open(specs: ReadonlyMap<string, string>): string[] {
  return [...specs].filter(([, text]) => TAKES_MONEY.test(text) && !SETTLES_UP.test(text)).map(([name]) => name);
}

describe('Whoever takes money in a test settles up afterwards', () => {
  it('in each spec', () => {
    const names = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((p) => p.endsWith('.e2e-spec.ts'));
    const specs = new Map(
      names.map((path) => [path.replace('.e2e-spec.ts', ''), readFileSync(join(TESTS, path), 'utf8')]),
    );
    expect(specs.size).toBeGreaterThan(80);
    expect(open(specs).toSorted()).toEqual(Object.keys(OTHERWISE).toSorted());
  });

  it.each([
    [
      'pays and looks away',
      `shop.checkout(cart, { paymentMethod: 'stripe' }); afterEach(() => shop.stripe.clearChaos());`,
      true,
    ],
    [
      'settles up in one of its tests only',
      `it('pays', async () => { pay('pm_card_visa'); await shop.settleUp(); });`,
      true,
    ],
    ['settles up after each', `afterEach(() => shop.settleUp()); pay('pm_card_visa');`, false],
    [
      'settles up after something else',
      `afterEach(async () => { await end(); });\nafterEach(() => pay.shop.settleUp()); pay('pm_card_visa');`,
      false,
    ],
    ['takes no money', `shop.checkout(cart, { paymentMethod: 'manual' });`, false],
  ])('finds one that %s', (_, text, isOpen) => {
    expect(open(new Map([['spec', text]]))).toEqual(isOpen ? ['spec'] : []);
  });
});
