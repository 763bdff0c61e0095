/** What went wrong while a local service was started. */
export type LocalStackProblem =
  | 'data-broken'
  | 'data-foreign'
  | 'data-version'
  | 'disk-full'
  | 'port-taken'
  | 'binaries-missing'
  | 'permission-denied'
  | 'start-failed';

/** A local service cannot be started or stopped. The message is one sentence (or two) for the person at the terminal. */
export class LocalStackError extends Error {
  constructor(
    readonly problem: LocalStackProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LocalStackError';
  }
}

/** The code of a system call error (`ENOENT`, `EACCES`, …), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** Turns a failed write below `path` into a sentence; other errors pass unchanged. */
export function explainFileError(error: unknown, path: string): unknown {
  switch (errnoOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new LocalStackError('disk-full', `The disk that holds ${path} is full: free some space and start again.`, {
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new LocalStackError(
        'permission-denied',
        `No permission to write to ${path}: use a folder of your own by DATA_DIR, or run as the user that owns it.`,
        { cause: error },
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return new LocalStackError(
        'data-broken',
        `${path} should be a folder but is a file: move it away, or set DATA_DIR.`,
        { cause: error },
      );
    default:
      return error;
  }
}
