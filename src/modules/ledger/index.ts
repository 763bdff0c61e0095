export { LedgerModule } from './ledger.module.js';
export { Ledger, type LedgerEntry, type Posted, type Posting } from './ledger.service.js';
export { ACCOUNTS, type Account, balanceOf } from './accounts.js';
