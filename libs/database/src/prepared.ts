import pg from 'pg';
import utils from 'pg/lib/utils.js';

type Answer = pg.QueryResult;
type Field = Pick<pg.FieldDef, 'name' | 'dataTypeID' | 'format'>;

/** What pg keeps about the columns of an answer. The types do not know it; test/statements.e2e-spec.ts fails when it is no longer so. */
interface Columns {
  fields: Field[];
  _parsers: unknown[] | undefined;
  _prebuiltEmptyResultObject: object | null;
}

const MAX_PREPARED = 400;
/** How often a statement is sent when the tables change again and again meanwhile. */
const MAX_ATTEMPTS = 3;
const names = new Map<string, string>();
const known = new Map<string, Columns>();
let named = 0;

/** One stable name per statement text; texts beyond the bound are sent unprepared, so that odd filters cannot fill the server. */
function statementName(text: string): string | undefined {
  const name = names.get(text);
  if (name !== undefined || names.size >= MAX_PREPARED) return name;
  names.set(text, `s${named++}`);
  return names.get(text);
}

/** Connections that refused a statement whose columns have become others. */
const refusals = new WeakMap<pg.ClientBase, Error>();

/** Why a connection must not be used again: a table has changed since it prepared its statements. */
export const refusalOf = (client: pg.ClientBase): Error | undefined => refusals.get(client);

/** The statement has done nothing: since its connection prepared it, the columns of its answer have become others. */
export function isRefusal(error: unknown): error is Error {
  const { code, routine } = error as { code?: string; routine?: string };
  // The message ("cached plan must not change result type") may be in any language.
  return code === '0A000' && routine === 'RevalidateCachedQuery';
}

/**
 * Gives all statements new names once one was refused, so that every connection prepares them anew: else each connection would
 * refuse each statement of the table that has changed once.
 */
function renameAfter({ text, name }: Prepared): void {
  // Of several that are refused at the same moment the first one does it.
  if (names.get(text) !== name) return;
  names.clear();
  known.clear();
}

/** An answer that remembers how the columns of its statement are read, where pg works it out for each answer. */
class Rows extends (pg.Result as unknown as new () => Columns & { addFields(fields: Field[]): void }) {
  constructor(private readonly name: string) {
    super();
  }

  override addFields(fields: Field[]): void {
    const columns = known.get(this.name);
    if (columns && isSame(columns.fields, fields)) {
      this.fields = columns.fields;
      this._parsers = columns._parsers;
      this._prebuiltEmptyResultObject = columns._prebuiltEmptyResultObject;
      return;
    }
    super.addFields(fields);
    const { _parsers, _prebuiltEmptyResultObject } = this;
    known.set(this.name, { fields, _parsers, _prebuiltEmptyResultObject });
  }
}

function isSame(a: readonly Field[], b: readonly Field[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, dataTypeID, format }, i) => {
      const other = b[i]!;
      return name === other.name && dataTypeID === other.dataTypeID && format === other.format;
    })
  );
}

/** A connection of pg, as far as a statement sends itself over it. */
interface Wire {
  bind(message: { portal: string; statement: string; values: unknown[]; valueMapper: typeof utils.prepareValue }): void;
  execute(message: { portal: string }): void;
  sync(): void;
}

interface PgQuery {
  text: string;
  name: string | undefined;
  values: unknown[];
  callback?: (error: Error | null, answer: Answer) => void;
  _result: unknown;
  _results: unknown;
  _accumulateRows: boolean;
  prepare(wire: Wire): void;
  handleRowDescription(message: { fields: Field[] }): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
  handleError(error: Error, wire: Wire): void;
}

const NO_COLUMNS: Columns = { fields: [], _parsers: undefined, _prebuiltEmptyResultObject: null };
/**
 * What each connection has told of its statements, by their names. It need not be asked again: Postgres refuses to run a
 * statement whose columns have become others.
 */
const toldBy = new WeakMap<Wire, Map<string, Columns>>();

/** A statement that lets its connection describe its columns once, not with each answer. */
class Prepared extends (pg.Query as unknown as new (text: string) => PgQuery) {
  private told: Map<string, Columns> | undefined;

  override prepare(wire: Wire): void {
    const { name } = this;
    if (name === undefined) {
      super.prepare(wire);
      return;
    }
    let told = toldBy.get(wire);
    if (!told) toldBy.set(wire, (told = new Map()));
    this.told = told;
    const columns = told.get(name);
    if (!columns) {
      super.prepare(wire);
      return;
    }
    Object.assign(this._result as Columns, columns);
    this._accumulateRows = true;
    try {
      wire.bind({ portal: '', statement: name, values: this.values, valueMapper: utils.prepareValue });
    } catch (error) {
      // A value that cannot be written: nothing was sent, and the statement stays.
      wire.sync();
      this.handleError(error as Error, wire);
      return;
    }
    wire.execute({ portal: '' });
    wire.sync();
  }

  override handleRowDescription(message: { fields: Field[] }): void {
    super.handleRowDescription(message);
    const { fields, _parsers, _prebuiltEmptyResultObject } = this._result as Columns;
    if (this.name !== undefined) this.told?.set(this.name, { fields, _parsers, _prebuiltEmptyResultObject });
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    // Described, and nothing was told: it answers no rows.
    if (this.name !== undefined && this.told?.has(this.name) === false) this.told.set(this.name, NO_COLUMNS);
    super.handleCommandComplete(message, wire);
  }
}

/**
 * A prepared statement, as the object that pg sends. Made of the usual `{ text, values }`, pg would copy every property
 * descriptor of it first: with the columns, a tenth of what a statement cost the API.
 */
export function prepared(text: string, values: unknown[]): Prepared {
  const query = new Prepared(text);
  query.name = statementName(text);
  query.values = values;
  if (query.name !== undefined) query._results = query._result = new Rows(query.name);
  return query;
}

/** Sends a statement over a connection. @returns its rows */
export async function run<R>(client: pg.PoolClient, text: string, values: unknown[] = []): Promise<R[]> {
  const query = prepared(text, values);
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      query.callback = (error, result) => (error ? reject(error) : resolve(result));
      client.query(query as unknown as pg.Query);
    });
    return answer.rows as R[];
  } catch (error) {
    if (isRefusal(error)) {
      renameAfter(query);
      refusals.set(client, error);
    }
    // Made where bytes come in; who asked is what one wants to know.
    Error.captureStackTrace(error as Error);
    throw error;
  }
}

/** Sends a statement over any connection of a pool. @returns its rows */
export async function runOn<R>(pool: pg.Pool, text: string, values: unknown[] = []): Promise<R[]> {
  for (let attempt = 1; ; attempt += 1) {
    const query = prepared(text, values);
    try {
      // The types say that a query object comes back; the pool sets its callback and gives the promise of an answer.
      const answer = await (pool.query(query as unknown as pg.QueryConfig) as unknown as Promise<Answer>);
      return answer.rows as R[];
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // The pool has closed the connection.
      renameAfter(query);
      if (attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}
