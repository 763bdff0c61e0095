import type { Random } from './random.js';
import { matchesType } from './resources/events.js';

/** What to do to a call of the API. */
export interface ApiRule {
  /**
   * - `reset_before`, `reset_after`: the connection is reset before or after the work is done
   * - `truncate`: the work is done, the body of the answer is cut
   * - `hang`: never answers, `executed` says whether the work is done
   * - `status`: answers `status` (500), `executed` as above
   * - `lock_timeout`: answers 429 as Stripe does when another call is changing the object
   * - `slow`: waits `delayMs` (1000) before the work, holding the idempotency key
   */
  kind: 'reset_before' | 'reset_after' | 'truncate' | 'hang' | 'status' | 'lock_timeout' | 'slow';
  method?: string;
  /** The beginning of the path, such as `/v1/refunds`. */
  path?: string;
  /** A part of the path, such as `/confirm`. */
  contains?: string;
  /** Calls it applies to, then it is gone; all when left out. */
  count?: number;
  /** Calls to let pass first. */
  skip?: number;
  /** Of the calls that match, 0 to 1, by the seed of the emulator; all when left out. */
  probability?: number;
  executed?: boolean;
  /**
   * Of a `status`: it becomes the saved answer of the call's idempotency key, as a failure of Stripe's own does once the work
   * has begun. Whoever repeats the call gets it again, for as long as the key lives.
   */
  stored?: boolean;
  status?: number;
  /** The error code of the answer, such as `lock_timeout`. */
  code?: string;
  /** Answers a page as a proxy does, not Stripe's envelope. */
  html?: boolean;
  delayMs?: number;
  /** Value of the `Stripe-Should-Retry` header. */
  shouldRetry?: boolean;
}

/** What to do to the delivery of an event. */
export interface WebhookRule {
  /**
   * - `duplicate`: `times` (2) deliveries of one event, at the same moment when `isConcurrent`
   * - `concurrentDuplicates`: the same, at the same moment
   * - `delay`: later by `delayMs` (1000)
   * - `drop`: never sent, until it is resent
   * - `reorder`: events within `delayMs` (300) are sent newest first
   * - `hold`: kept until released
   * - `deliverBeforeResponse`: the endpoint gets it before the API call that caused it is answered
   * - `inflate`: the payload grows by `bytes` (150,000) of white space
   * - `badSignature`, `staleTimestamp` (10 minutes), `oldApiVersion`: as the name says, per attempt
   */
  kind:
    | 'duplicate'
    | 'concurrentDuplicates'
    | 'delay'
    | 'drop'
    | 'reorder'
    | 'hold'
    | 'deliverBeforeResponse'
    | 'inflate'
    | 'badSignature'
    | 'staleTimestamp'
    | 'oldApiVersion';
  /** Event types, `charge.*` too; all when left out. */
  types?: string[];
  /** Events (or attempts) it applies to, then it is gone; all when left out. */
  count?: number;
  /** Of the events that match, 0 to 1, by the seed of the emulator; all when left out. */
  probability?: number;
  times?: number;
  isConcurrent?: boolean;
  bytes?: number;
  delayMs?: number;
}

export interface ChaosRules {
  api?: ApiRule[];
  webhooks?: WebhookRule[];
}

/** The disturbances that are set at the moment. */
export class Chaos {
  constructor(private readonly random: Random) {}

  private api: ApiRule[] = [];
  private webhooks: WebhookRule[] = [];

  /** Replaces the rules of the kinds that are given. */
  set(rules: ChaosRules): void {
    if (rules.api !== undefined) this.api = rules.api.map((rule) => ({ ...rule }));
    if (rules.webhooks !== undefined) this.webhooks = rules.webhooks.map((rule) => ({ ...rule }));
  }

  rules(): Required<ChaosRules> {
    return { api: this.api, webhooks: this.webhooks };
  }

  clear(): void {
    this.set({ api: [], webhooks: [] });
  }

  /** The first rule for a call, used up by one. */
  takeApi(method: string, path: string): ApiRule | undefined {
    const rule = this.api.find(
      (candidate) =>
        candidate.count !== 0 &&
        (candidate.method === undefined || candidate.method.toUpperCase() === method) &&
        (candidate.path === undefined || path.startsWith(candidate.path)) &&
        (candidate.contains === undefined || path.includes(candidate.contains)) &&
        this.isChosen(candidate),
    );
    if (rule === undefined) return undefined;
    if (rule.skip !== undefined && rule.skip > 0) {
      rule.skip -= 1;
      return undefined;
    }
    useUp(rule);
    return rule;
  }

  private isChosen({ probability }: { probability?: number }): boolean {
    return probability === undefined || this.random() < probability;
  }

  /** The rule of one kind for an event, used up by one. */
  takeWebhook(kind: WebhookRule['kind'], type: string): WebhookRule | undefined {
    const rule = this.webhooks.find(
      (candidate) =>
        candidate.kind === kind &&
        candidate.count !== 0 &&
        (candidate.types === undefined || candidate.types.some((wanted) => matchesType(type, wanted))) &&
        this.isChosen(candidate),
    );
    if (rule !== undefined) useUp(rule);
    return rule;
  }
}

function useUp(rule: { count?: number }): void {
  if (rule.count !== undefined) rule.count -= 1;
}
