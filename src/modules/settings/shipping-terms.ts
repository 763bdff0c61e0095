import type { Tx } from '#libs/database';
import { type FieldError, ValidationFailed } from '#libs/errors';
import { isCountry } from '#libs/http';
import { decodeId } from '#libs/ids';
import type { ShippingBandInput, ShippingRestrictionsInput, ShippingTermsInput } from './dto/shipping-rates.dto.js';
import type { ShippingMethod } from './entities/index.js';
import type { ShippingBandTerms, ShippingRateTerms, ShippingRestrictionTerms } from './shop-snapshot.js';

/** The terms of a method as they are stored. */
type Terms = Pick<ShippingMethod, 'calculation' | 'bands' | 'freeAbove' | 'profileRates' | 'restrictions'>;

/** Of a method that is not made yet. */
export const NO_TERMS: Terms = { calculation: 'flat', bands: [], freeAbove: null, profileRates: [], restrictions: {} };

const POSTAL_CODE = /^(?:([A-Z]{2}):)?[\p{L}\p{N} -]*\*?$/u;

/**
 * The terms of a method after a change of some of them.
 * @throws ValidationFailed naming every field that does not fit
 */
export async function changedTerms(tx: Tx, before: Terms, change: ShippingTermsInput): Promise<Terms> {
  const errors: FieldError[] = [];
  const bands = change.bands ? bandsOf(change.bands, '/bands', errors) : before.bands;
  const calculation = change.calculation ?? before.calculation;
  needBands(calculation, bands, '/bands', errors);
  const profileRates = change.profileRates
    ? change.profileRates.map((rate, i): ShippingRateTerms => {
        const pointer = `/profileRates/${i}`;
        const own = bandsOf(rate.bands ?? [], `${pointer}/bands`, errors);
        needBands(rate.calculation, own, `${pointer}/bands`, errors);
        return {
          profileId: rate.profileId,
          calculation: rate.calculation,
          amount: rate.amount ?? 0,
          bands: own,
          freeAbove: rate.freeAbove ?? null,
        };
      })
    : before.profileRates;
  if (change.profileRates) await checkProfiles(tx, profileRates, errors);
  const restrictions = change.restrictions
    ? await restrictionsOf(tx, change.restrictions, errors)
    : before.restrictions;
  if (errors.length > 0) throw ValidationFailed({ errors: errors.slice(0, 50) });
  const freeAbove = change.freeAbove === undefined ? before.freeAbove : change.freeAbove;
  return { calculation, bands, freeAbove, profileRates, restrictions };
}

function bandsOf(bands: readonly ShippingBandInput[], pointer: string, errors: FieldError[]): ShippingBandTerms[] {
  for (const [i, band] of bands.entries()) {
    const place = `${pointer}/${i}`;
    if (i > 0 && band.from <= bands[i - 1]!.from)
      errors.push({ pointer: `${place}/from`, code: 'not_ascending', detail: 'must be more than in the band before' });
    if ((band.plus ?? 0) > 0 && band.every === undefined)
      errors.push({ pointer: `${place}/every`, code: 'required', detail: 'is required with plus' });
  }
  return bands.map(({ from, amount, plus = 0, every = 0 }) => ({ from, amount, plus, every }));
}

function needBands(calculation: string, bands: readonly unknown[], pointer: string, errors: FieldError[]): void {
  if (bands.length > 0 || calculation === 'flat' || calculation === 'none') return;
  errors.push({ pointer, code: 'required', detail: `needs at least one band for a price by ${calculation}` });
}

async function checkProfiles(tx: Tx, rates: readonly ShippingRateTerms[], errors: FieldError[]): Promise<void> {
  const ids = rates.map((rate) => rate.profileId!);
  const known = await tx.query<{ id: string }>(`SELECT id FROM shipping_profiles WHERE id = ANY ($1::uuid[])`, [ids]);
  for (const [i, id] of ids.entries()) {
    const pointer = `/profileRates/${i}/profileId`;
    if (ids.indexOf(id) < i) errors.push({ pointer, code: 'repeated', detail: 'has a rate already' });
    else if (!known.some((profile) => profile.id === id))
      errors.push({ pointer, code: 'unknown_shipping_profile', detail: 'is no shipping profile' });
  }
}

async function restrictionsOf(
  tx: Tx,
  given: ShippingRestrictionsInput,
  errors: FieldError[],
): Promise<ShippingRestrictionTerms> {
  const at = (field: string) => `/restrictions/${field}`;
  for (const [min, max] of [
    ['minWeight', 'maxWeight'],
    ['minSubtotal', 'maxSubtotal'],
  ] as const) {
    if ((given[min] ?? 0) > (given[max] ?? Infinity))
      errors.push({ pointer: at(max), code: 'too_small', detail: `must not be less than ${min}` });
  }
  for (const [i, country] of (given.excludedCountries ?? []).entries())
    if (!isCountry(country))
      errors.push({
        pointer: at(`excludedCountries/${i}`),
        code: 'unknown_country',
        detail: 'must be an ISO 3166 code',
      });
  for (const [i, pattern] of (given.excludedPostalCodes ?? []).entries()) {
    const match = POSTAL_CODE.exec(pattern);
    if (!match || (match[1] !== undefined && !isCountry(match[1])))
      errors.push({
        pointer: at(`excludedPostalCodes/${i}`),
        code: 'invalid_item',
        detail: 'must be a postal code such as 99950, 99* or US:99*',
      });
  }
  const productIds = await productsOf(tx, given.excludedProductIds ?? [], at('excludedProductIds'), errors);
  const some = <T>(list: readonly T[] | undefined) => (list && list.length > 0 ? [...new Set(list)] : undefined);
  const all: { [K in keyof ShippingRestrictionTerms]: ShippingRestrictionTerms[K] | null | undefined } = {
    minWeight: given.minWeight,
    maxWeight: given.maxWeight,
    minSubtotal: given.minSubtotal,
    maxSubtotal: given.maxSubtotal,
    excludedCountries: some(given.excludedCountries),
    excludedPostalCodes: some(given.excludedPostalCodes),
    excludedProductIds: some(productIds),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null));
}

async function productsOf(tx: Tx, ids: readonly string[], pointer: string, errors: FieldError[]): Promise<string[]> {
  const uuids = ids.map((id) => decodeId('product', id));
  const known = await tx.query<{ id: string }>(`SELECT id FROM products WHERE id = ANY ($1::uuid[])`, [
    uuids.filter((uuid) => uuid !== null),
  ]);
  const found = new Set(known.map((product) => product.id));
  return uuids.flatMap((uuid, i) => {
    if (uuid !== null && found.has(uuid)) return [uuid];
    const [code, detail] =
      uuid === null ? ['invalid_id', 'must be an id that begins with prod_'] : ['unknown_product', 'is no product'];
    errors.push({ pointer: `${pointer}/${i}`, code, detail });
    return [];
  });
}
