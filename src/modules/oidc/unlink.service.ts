import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { announceIdentity, Identities } from '../auth/index.js';
import { CustomerAccounts } from '../customers/index.js';
import { LastWayIn } from './oidc.errors.js';

/** Takes an account elsewhere from a customer, unless it is the last way in that they have. */
@Injectable()
export class Unlink {
  constructor(
    private readonly db: Db,
    private readonly identities: Identities,
    private readonly customers: CustomerAccounts,
  ) {}

  /** @throws not_found, last_way_in */
  execute(customerId: string, identityId: string): Promise<void> {
    return this.db.transaction(async (tx) => {
      // Whoever takes two of them at once takes one after the other.
      const account = await this.customers.lock(tx, customerId);
      const provider = await this.identities.remove(tx, 'customer', customerId, identityId);
      if (provider === null) throw NotFound({ detail: 'There is no such identity.' });
      if (account?.passwordHash === null && (await this.identities.list('customer', customerId, tx)).length === 0)
        throw LastWayIn();
      announceIdentity(tx, 'customer', customerId, 'unlinked', provider);
    });
  }
}
