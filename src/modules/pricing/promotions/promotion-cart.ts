import type { PricedLine, PricingInput } from '../pricing.types.js';
import { selectedLines } from './line-selection.js';
import type { LineSelector } from './promotion.types.js';

/** A line as promotions find it. */
export type UndiscountedLine = Pick<PricedLine, 'unitPrice' | 'priceListId' | 'subtotal'>;

/** What one promotion takes off: by the position of the line, and off shipping. */
export interface Taking {
  lines: readonly LineTaking[];
  shipping: number;
}

/** What is taken off one line. */
export interface LineTaking {
  at: number;
  amount: number;
  /** How many of its pieces cost nothing any more. */
  freed?: number;
}

/** A cart on the way through its promotions: what each line and shipping still cost. */
export class PromotionCart {
  private constructor(
    readonly input: PricingInput,
    readonly offered: readonly UndiscountedLine[],
    private readonly lines: number[],
    private shippingLeft: number,
    private readonly free: Map<number, number>,
    /** Which lines are meant does not depend on what is taken off them, and many promotions mean the same. */
    private readonly selections: Map<LineSelector | undefined, readonly number[]>,
  ) {}

  static of(input: PricingInput, offered: readonly UndiscountedLine[], shipping: number): PromotionCart {
    return new PromotionCart(
      input,
      offered,
      offered.map((line) => line.subtotal),
      shipping,
      new Map(),
      new Map(),
    );
  }

  /** The same cart, to try something out. */
  copy(): PromotionCart {
    return new PromotionCart(
      this.input,
      this.offered,
      [...this.lines],
      this.shippingLeft,
      new Map(this.free),
      this.selections,
    );
  }

  get shipping(): number {
    return this.shippingLeft;
  }

  /** What a line still costs. */
  left(at: number): number {
    return this.lines[at]!;
  }

  quantity(at: number): number {
    return this.input.lines[at]!.quantity;
  }

  /** How many pieces of a line are not free yet: nothing more is off the others, nor do they count as bought. */
  paidPieces(at: number): number {
    if (this.lines[at] === 0 && this.offered[at]!.subtotal > 0) return 0;
    return this.quantity(at) - (this.free.get(at) ?? 0);
  }

  /** The positions of the lines that are meant. */
  select(selector: LineSelector | undefined): readonly number[] {
    let selected = this.selections.get(selector);
    if (!selected) {
      selected = selectedLines(selector, this.input.lines, this.offered);
      this.selections.set(selector, selected);
    }
    return selected;
  }

  take({ lines, shipping }: Taking): void {
    for (const { at, amount, freed } of lines) {
      this.lines[at]! -= amount;
      if (freed) this.free.set(at, (this.free.get(at) ?? 0) + freed);
    }
    this.shippingLeft -= shipping;
  }
}

/** Everything that is taken, in minor units. */
export const sumOf = ({ lines, shipping }: Taking): number => lines.reduce((all, part) => all + part.amount, shipping);
