import { ApiProperty } from '@nestjs/swagger';
import { Currency, Id, ListQuery, MoneyAmount, Opt, Text, Time } from '#libs/http';
import { encodeId } from '#libs/ids';
import { Money } from '../../pricing/index.js';
import type { GiftCardRow, TransactionRow } from '../credits.query.js';
import type { StoreCreditRow } from '../store-credit.service.js';

const MOST = 99_999_999_999;
const GIFT_CARD_ID = 'gift_01j4000000e008000000000001';

/** Which gift cards staff want to see. */
export class GiftCardListQuery extends ListQuery {
  @Text(4, Opt({ min: 4, example: '2026', description: 'the last four characters of the code' }))
  last4?: string;
  @Id('order', Opt({ description: 'the order that bought them' }))
  orderId?: string;
}

/** A gift card that the shop gives away. */
export class IssueGiftCardRequest {
  @MoneyAmount({ min: 1, example: 2500 })
  amount: number;
  @Currency({ example: 'USD' })
  currency: string;
  @Time({ optional: true, nullable: true, example: '2099-12-31T00:00:00Z', description: 'it never ends without' })
  expiresAt?: string | null;
  @Text(500, Opt({ min: 0, example: 'for the delay of order 1042', description: 'for staff' }))
  note?: string;
}

/** What staff give or take by hand. */
export class AdjustCreditRequest {
  @MoneyAmount({ min: -MOST, example: 500, description: 'minor units; below zero takes' })
  delta: number;
  @Text(500, { example: 'the parcel came late' })
  reason: string;
}

/** What staff give to a customer or take, in one currency. */
export class AdjustStoreCreditRequest extends AdjustCreditRequest {
  @Currency({ example: 'USD' })
  currency: string;
}

/** An amount that may be below zero. */
export class CreditDelta {
  @ApiProperty({ type: 'integer', description: 'minor units; below zero was taken', example: -2000 })
  amount: number;
  @ApiProperty({ example: 'USD' })
  currency: string;
}

/** One change of credit. */
export class CreditTransactionResponse {
  @ApiProperty({ example: 'ctx_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ enum: ['issue', 'sale', 'adjust', 'spend', 'return', 'refund', 'void', 'forfeit'] })
  kind: string;
  @ApiProperty({ type: CreditDelta })
  delta: CreditDelta;
  @ApiProperty({ type: Money, description: 'what was there after it' })
  balanceAfter: Money;
  @ApiProperty({ type: String, nullable: true })
  orderId: string | null;
  @ApiProperty({ type: String, nullable: true })
  refundId: string | null;
  @ApiProperty()
  reason: string;
  @ApiProperty({ example: 'staff:usr_01j4000000e008000000000001' })
  actor: string;
  @ApiProperty()
  createdAt: string;

  static from(row: TransactionRow): CreditTransactionResponse {
    return {
      id: encodeId('creditTransaction', row.id),
      kind: row.kind,
      delta: { amount: row.delta, currency: row.currency },
      balanceAfter: { amount: row.balance_after, currency: row.currency },
      orderId: row.order_id && encodeId('order', row.order_id),
      refundId: row.refund_id && encodeId('refund', row.refund_id),
      reason: row.reason,
      actor: row.actor,
      createdAt: row.created_at.toISOString(),
    };
  }
}

/** A gift card as staff see it: never with its code. */
export class GiftCardResponse {
  @ApiProperty({ example: GIFT_CARD_ID })
  id: string;
  @ApiProperty({ description: 'of the code', example: '2026' })
  last4: string;
  @ApiProperty({ type: Money })
  initialAmount: Money;
  @ApiProperty({ type: Money })
  balance: Money;
  @ApiProperty({ type: String, nullable: true })
  expiresAt: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'since when it pays nothing' })
  disabledAt: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'the order that bought it; null for one that was given away',
  })
  orderId: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'who got the code by mail, where it was not the buyer' })
  recipientEmail: string | null;
  @ApiProperty()
  note: string;
  @ApiProperty()
  createdAt: string;

  static from(row: GiftCardRow): GiftCardResponse {
    return {
      id: encodeId('giftCard', row.id),
      last4: row.last4,
      initialAmount: { amount: row.initial_amount, currency: row.currency },
      balance: { amount: row.balance, currency: row.currency },
      expiresAt: row.expires_at?.toISOString() ?? null,
      disabledAt: row.disabled_at?.toISOString() ?? null,
      orderId: row.order_id && encodeId('order', row.order_id),
      recipientEmail: row.recipient_email,
      note: row.note,
      createdAt: row.created_at.toISOString(),
    };
  }
}

/** A gift card with what happened to it. */
export class GiftCardDetailResponse extends GiftCardResponse {
  @ApiProperty({ type: [CreditTransactionResponse], description: 'the latest 100, newest first' })
  transactions: CreditTransactionResponse[];
}

/** The code of a gift card. */
export class GiftCardCodeResponse {
  @ApiProperty({ description: 'whoever knows it has the money', example: 'ABCD-EFGH-JKMN-PQRS' })
  code: string;
}

/** What a customer has with the shop in one currency. */
export class StoreCreditResponse {
  @ApiProperty({ example: 'scr_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ type: Money })
  balance: Money;
  @ApiProperty()
  updatedAt: string;

  static from(row: StoreCreditRow): StoreCreditResponse {
    return {
      id: encodeId('storeCredit', row.id),
      balance: { amount: row.balance, currency: row.currency },
      updatedAt: row.updated_at.toISOString(),
    };
  }
}

/** What a customer has with the shop, one entry for each currency. */
export class StoreCreditsResponse {
  @ApiProperty({ type: [StoreCreditResponse] })
  data: StoreCreditResponse[];
}

/** The same, with what happened to it. */
export class StoreCreditsDetailResponse extends StoreCreditsResponse {
  @ApiProperty({ type: [CreditTransactionResponse], description: 'the latest 100, newest first' })
  transactions: CreditTransactionResponse[];
}
