/** Something about one row that a person should look at. */
export interface ImportIssue {
  /** Line of the file on which the row begins. */
  line: number;
  /** The product, when the row names one. */
  handle: string | null;
  reason: string;
}

/** Collects what is wrong (the product is not imported) and what is odd (it is). */
export class IssueList {
  readonly errors: ImportIssue[] = [];
  readonly warnings: ImportIssue[] = [];

  constructor(private readonly handle: string | null) {}

  error(row: { line: number }, reason: string): void {
    this.errors.push({ line: row.line, handle: this.handle, reason });
  }

  warn(row: { line: number }, reason: string): void {
    this.warnings.push({ line: row.line, handle: this.handle, reason });
  }
}
