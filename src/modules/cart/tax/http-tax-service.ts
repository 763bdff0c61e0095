import type { PricingTax } from '../../pricing/index.js';
import { type TaxQuestion, TaxService } from './tax-service.js';

const TIMEOUT_MS = 2_000;
const MAX_PPM = 1_000_000;

/** What it answers: parts per million of the variants that were asked for, and of shipping. */
interface TaxAnswer {
  variants: Record<string, number>;
  shippingPpm: number;
}

/** Asks a service of the shop's choice: POSTs the question as JSON, reads rates by variant. */
export class HttpTaxService extends TaxService {
  readonly isOutside = true;

  constructor(private readonly url: string) {
    super();
  }

  async quote(question: TaxQuestion): Promise<PricingTax> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(question),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the tax service answered ${response.status}`);
    const answer = (await response.json()) as TaxAnswer;
    const byVariant = Object.fromEntries(
      question.lines.map(({ variantId }) => [variantId, checked(answer.variants?.[variantId])]),
    );
    return { rates: {}, byVariant, shippingPpm: checked(answer.shippingPpm) };
  }
}

function checked(ppm: unknown): number {
  if (Number.isInteger(ppm) && (ppm as number) >= 0 && (ppm as number) <= MAX_PPM) return ppm as number;
  throw new Error('the tax service left a rate out, or answered one that is none');
}
