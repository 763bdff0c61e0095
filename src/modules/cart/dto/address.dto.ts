import { Country, Opt, Text } from '#libs/http';

/** A postal address. */
export class Address {
  @Text(100, { example: 'Ada' })
  firstName: string;
  @Text(100, { example: 'Lovelace' })
  lastName: string;
  @Text(200, Opt({ nullable: true, example: null }))
  company?: string | null;
  @Text(200, { example: '1 Main Street' })
  line1: string;
  @Text(200, Opt({ nullable: true, example: null }))
  line2?: string | null;
  @Text(100, { example: 'Springfield' })
  city: string;
  @Text(100, Opt({ nullable: true, example: 'IL', description: 'state, province or county' }))
  state?: string | null;
  @Text(20, { example: '62701' })
  postalCode: string;
  @Country()
  country: string;
  @Text(40, Opt({ nullable: true, example: null }))
  phone?: string | null;
}
