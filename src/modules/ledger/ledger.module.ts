import { Module } from '@nestjs/common';
import { FoldBalances } from './fold-balances.job.js';
import { LedgerAdminController } from './ledger.admin.controller.js';
import { LedgerQuery } from './ledger.query.js';
import { Ledger } from './ledger.service.js';

/** The double-entry book of all money. */
@Module({
  controllers: [LedgerAdminController],
  providers: [Ledger, LedgerQuery, FoldBalances],
  exports: [Ledger],
})
export class LedgerModule {}
