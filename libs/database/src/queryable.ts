/** Runs SQL: the pool, or one transaction. */
export interface Queryable {
  /** Runs a statement, prepared once per connection; values only through `$1` parameters. */
  query<R = Record<string, unknown>>(text: string, values?: unknown[]): Promise<R[]>;
}
