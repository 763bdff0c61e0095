import { Email, Flag, Nested, Opt, StringArray, Text } from '#libs/http';
import { Address } from '../../cart/index.js';

/** A customer as a file has them; what is left out stays as it is. */
export class CustomerOfFile {
  @Email()
  email: string;
  @Text(100, Opt({ min: 0 }))
  firstName?: string;
  @Text(100, Opt({ min: 0 }))
  lastName?: string;
  @Text(40, Opt({ nullable: true }))
  phone?: string | null;
  @Flag(Opt())
  acceptsMarketing?: boolean;
  @Text(5_000, Opt({ nullable: true }))
  note?: string | null;
  @StringArray(50, 50, Opt())
  tags?: string[];
  /** uuids: all groups that the customer is in */
  @StringArray(1000, 36, Opt())
  groupIds?: string[];
  /** Becomes the one that is proposed. */
  @Nested(() => Address, Opt())
  address?: Address;
}
