export { Db, type Tx, UNSYNCED_COMMIT } from './db.js';
export type { Ahead } from './ahead.js';
export type { Queryable } from './queryable.js';
export { assertNoTransaction } from './transaction-scope.js';
export {
  isUniqueViolation,
  isCheckViolation,
  isForeignKeyViolation,
  sqlState,
  constraintOf,
  isConnectionLoss,
} from './sql-errors.js';
export { keysetPage, decodeCursor, encodeCursor, type KeysetColumn, type KeysetPage } from './keyset.js';
