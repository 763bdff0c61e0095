import type { PricedLine, PricingInput, PricingLine } from '../pricing.types.js';
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

/** Lines that are meant together. */
export interface Selection {
  /** their positions */
  lines: readonly number[];
  /** pieces of them */
  quantity: number;
  /** before discounts */
  subtotal: number;
}

/** A cart on the way through its promotions: what each line and shipping still cost. */
export class PromotionCart {
  private constructor(
    readonly input: PricingInput,
    /** When it is priced, in milliseconds. */
    readonly time: number,
    readonly offered: readonly UndiscountedLine[],
    private readonly lines: number[],
    private shippingLeft: number,
    private readonly free: Map<number, number>,
    /** Which lines are meant does not depend on what is taken off them, and many promotions mean the same. */
    private readonly selections: Map<LineSelector | undefined, Selection>,
    /** Uuids of everything that is in the cart: its variants, products and categories. */
    readonly names: ReadonlySet<string>,
  ) {}

  static of(input: PricingInput, offered: readonly UndiscountedLine[], shipping: number): PromotionCart {
    return new PromotionCart(
      input,
      input.at.getTime(),
      offered,
      offered.map((line) => line.subtotal),
      shipping,
      new Map(),
      new Map(),
      namesIn(input.lines),
    );
  }

  /** The same cart, to try something out. */
  copy(): PromotionCart {
    return new PromotionCart(
      this.input,
      this.time,
      this.offered,
      [...this.lines],
      this.shippingLeft,
      new Map(this.free),
      this.selections,
      this.names,
    );
  }

  /** Whether one of these is in the cart: a variant, a product or a category, all by uuid. */
  holds(names: readonly string[]): boolean {
    for (const name of names) if (this.names.has(name)) return true;
    return false;
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
    return this.selection(selector).lines;
  }

  /** The lines that are meant, and what they are together. */
  selection(selector: LineSelector | undefined): Selection {
    let selected = this.selections.get(selector);
    if (!selected) {
      const lines = selectedLines(selector, this.input.lines, this.offered);
      selected = { lines, quantity: 0, subtotal: 0 };
      for (const at of lines) {
        selected.quantity += this.quantity(at);
        selected.subtotal += this.offered[at]!.subtotal;
      }
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

function namesIn(lines: readonly PricingLine[]): Set<string> {
  const names = new Set<string>();
  for (const { variantId, productId, categoryIds } of lines) {
    names.add(variantId).add(productId);
    for (const id of categoryIds) names.add(id);
  }
  return names;
}

/** Everything that is taken, in minor units. */
export function sumOf({ lines, shipping }: Taking): number {
  let all = shipping;
  for (const { amount } of lines) all += amount;
  return all;
}
