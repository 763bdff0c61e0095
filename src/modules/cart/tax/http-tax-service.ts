import { CircuitBreaker } from '#libs/vitals';
import type { PricingTax } from '../../pricing/index.js';
import { type TaxQuestion, TaxService } from './tax-service.js';

const TIMEOUT_MS = 2_000;
const MAX_PPM = 1_000_000;

/** What it answers: parts per million of the variants that were asked for, and of shipping. */
interface TaxAnswer {
  variants: Record<string, number>;
  shippingPpm: number;
}

/**
 * Asks a service of the shop's choice: POSTs the question as JSON, reads rates by variant. One that does not answer is left
 * alone for a while, so that not every cart waits for it.
 */
export class HttpTaxService extends TaxService {
  readonly isOutside = true;
  private readonly circuit = new CircuitBreaker('tax_service');

  constructor(private readonly url: string) {
    super();
  }

  async quote(question: TaxQuestion): Promise<PricingTax> {
    const answer = await this.ask(question);
    const byVariant = Object.fromEntries(
      question.lines.map(({ variantId }) => [variantId, checked(answer.variants?.[variantId])]),
    );
    return { rates: {}, byVariant, shippingPpm: checked(answer.shippingPpm) };
  }

  private async ask(question: TaxQuestion): Promise<TaxAnswer> {
    const permit = this.circuit.admit();
    if (!permit) throw new Error('the tax service did not answer a moment ago');
    let hasAnswered = false;
    try {
      const response = await this.post(question);
      // What it does not want to tell of one cart is an answer, too.
      hasAnswered = !response.ok && response.status < 500;
      if (!response.ok) throw new Error(`the tax service answered ${response.status}`);
      const answer = (await response.json()) as TaxAnswer;
      hasAnswered = true;
      return answer;
    } finally {
      this.circuit.settle(permit, hasAnswered);
    }
  }

  private post(question: TaxQuestion): Promise<Response> {
    return fetch(this.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(question),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

function checked(ppm: unknown): number {
  if (Number.isInteger(ppm) && (ppm as number) >= 0 && (ppm as number) <= MAX_PPM) return ppm as number;
  throw new Error('the tax service left a rate out, or answered one that is none');
}
