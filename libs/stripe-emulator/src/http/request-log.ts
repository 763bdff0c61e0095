/** One request to the API as the emulator saw it. */
export interface LoggedRequest {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  method: string;
  path: string;
  /** The query or the form as sent. */
  params: Record<string, unknown>;
  key: 'secret' | 'publishable' | null;
  idempotencyKey: string | null;
  stripeVersion: string | null;
  isKnownRoute: boolean;
  /** Null while it runs and when it was never answered. */
  status: number | null;
  errorType: string | null;
  errorCode: string | null;
  isReplay: boolean;
  /** The rule that disturbed it. */
  chaos: string | null;
  durationMs: number | null;
}

const KEPT = 20_000;

/** The newest 20,000 requests. */
export class RequestLog {
  private entries: LoggedRequest[] = [];

  add(entry: LoggedRequest): LoggedRequest {
    this.entries.push(entry);
    // Cut rarely: shifting an array of this size for each request would cost more than the request.
    if (this.entries.length > KEPT * 1.25) this.entries = this.entries.slice(-KEPT);
    return entry;
  }

  /** Oldest first. @param filter method, and the beginning of the path */
  list(filter: { method?: string; path?: string } = {}): LoggedRequest[] {
    return this.entries
      .slice(-KEPT)
      .filter(
        (entry) =>
          (filter.method === undefined || entry.method === filter.method.toUpperCase()) &&
          (filter.path === undefined || entry.path.startsWith(filter.path)),
      );
  }

  clear(): void {
    this.entries = [];
  }
}
