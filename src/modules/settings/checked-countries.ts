import { ValidationFailed } from '#libs/errors';
import { isCountry } from '#libs/http';

/** Each once. @throws validation_failed for what is neither a country nor one of `others` */
export function checkedCountries(countries: readonly string[], others: readonly string[] = []): string[] {
  const form = ['must be an ISO 3166 alpha-2 country code such as US', ...others].join(', or ');
  const errors = countries.flatMap((country, i) =>
    others.includes(country) || isCountry(country)
      ? []
      : [{ pointer: `/countries/${i}`, code: 'unknown_country', detail: form }],
  );
  if (errors.length > 0) throw ValidationFailed({ errors: errors.slice(0, 50) });
  return [...new Set(countries)];
}
