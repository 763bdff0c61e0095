import { ApiError } from '../api-error.js';
import type { Clock } from '../clock.js';
import type { Collection, SavedResult } from '../store.js';

const LIFETIME_MS = 24 * 3600 * 1000;

export interface KeyedRequest {
  key: string;
  method: string;
  path: string;
  fingerprint: string;
}

/** The saved results of keyed requests: the same request again gets the same answer. */
export class IdempotencyKeys {
  private readonly inFlight = new Map<string, KeyedRequest>();

  constructor(
    private readonly results: Collection<SavedResult>,
    private readonly clock: Clock,
  ) {}

  /**
   * Claims the key. Answers the saved result when the request was made before.
   * @throws {ApiError} 400 when the key was used for something else, 409 while the first request runs
   */
  begin(request: KeyedRequest): SavedResult | undefined {
    const { key } = request;
    if (key.length > 255) {
      throw new ApiError(400, {
        type: 'idempotency_error',
        message: `Idempotency keys must be at most 255 characters long; yours has ${key.length}.`,
      });
    }
    const saved = this.results.get(key);
    if (saved !== undefined && this.clock.now() - saved.at < LIFETIME_MS) {
      assertSame(key, saved, request);
      return saved;
    }
    const running = this.inFlight.get(key);
    if (running !== undefined) {
      assertSame(key, running, request);
      throw new ApiError(409, {
        type: 'idempotency_error',
        code: 'idempotency_key_in_use',
        message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
      });
    }
    this.inFlight.set(key, request);
    return undefined;
  }

  /** Saves the answer of a request that was executed. */
  save(request: KeyedRequest, answer: { status: number; body: string; requestId: string }): void {
    const { key, method, path, fingerprint } = request;
    this.results.put({ id: key, method, path, fingerprint, at: this.clock.now(), ...answer });
    this.prune();
  }

  /** The first request is over; without `save` its key is free again. */
  end(request: KeyedRequest): void {
    this.inFlight.delete(request.key);
  }

  clear(): void {
    this.inFlight.clear();
  }

  /** Oldest first, so that the first young one ends the walk. */
  private prune(): void {
    const limit = this.clock.now() - LIFETIME_MS;
    for (const saved of this.results.values()) {
      if (saved.at >= limit) return;
      this.results.delete(saved.id);
    }
  }
}

function assertSame(key: string, first: Omit<KeyedRequest, 'key'>, again: KeyedRequest): void {
  if (first.path !== again.path || first.method !== again.method) {
    throw new ApiError(400, {
      type: 'idempotency_error',
      message: `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${again.path}' vs '${first.path}'). Try using a key other than '${key}' if you meant to execute a different request.`,
    });
  }
  if (first.fingerprint !== again.fingerprint) {
    throw new ApiError(400, {
      type: 'idempotency_error',
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    });
  }
}
