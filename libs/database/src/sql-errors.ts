import { QueryFailedError } from 'typeorm';

interface PostgresError {
  code?: string;
  constraint?: string;
}

function postgresError(error: unknown): PostgresError | undefined {
  const inner: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return inner instanceof Error ? (inner as PostgresError) : undefined;
}

/** The five characters of SQLSTATE, or Node's connection code. */
export function sqlState(error: unknown): string | undefined {
  const code = postgresError(error)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The name of the constraint that refused the write. */
export function constraintOf(error: unknown): string | undefined {
  return postgresError(error)?.constraint;
}

const violates = (state: string) => (error: unknown, constraint?: string) =>
  sqlState(error) === state && (constraint === undefined || constraintOf(error) === constraint);

/** A UNIQUE constraint refused the write. */
export const isUniqueViolation = violates('23505');
/** A CHECK constraint refused the write. */
export const isCheckViolation = violates('23514');
/** A foreign key refused the write. */
export const isForeignKeyViolation = violates('23503');

/** The connection broke or could not be had: the statement may or may not have taken effect. */
export function isConnectionLoss(error: unknown): boolean {
  const code = sqlState(error) ?? '';
  if (/^(08...|57P0[123]|53300|ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/.test(code)) return true;
  const message = error instanceof Error ? error.message : '';
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout/.test(
    message,
  );
}
