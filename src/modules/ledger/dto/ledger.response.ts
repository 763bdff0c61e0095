import { ApiProperty } from '@nestjs/swagger';
import { ACCOUNT_NAMES } from '../accounts.js';

/** An amount that may be below zero. */
export class SignedMoney {
  @ApiProperty({ type: 'integer', description: 'minor units; debits are positive, credits negative', example: -2000 })
  amount: number;
  @ApiProperty({ example: 'USD' })
  currency: string;
}

/** One entry of the ledger. The entries of one transaction sum to zero in each currency. */
export class LedgerEntryResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ description: 'which entries belong together' })
  transactionId: string;
  @ApiProperty({ example: 'capture' })
  kind: string;
  @ApiProperty({ enum: ACCOUNT_NAMES })
  account: string;
  @ApiProperty({ type: SignedMoney })
  amount: SignedMoney;
  @ApiProperty({ type: String, nullable: true })
  orderId: string | null;
  @ApiProperty({ type: String, nullable: true })
  paymentId: string | null;
  @ApiProperty({ type: String, nullable: true, description: "Stripe's object behind it", example: 're_3QK…' })
  providerRef: string | null;
  @ApiProperty({ description: 'when it happened' })
  occurredAt: string;
  @ApiProperty({ description: 'when it was entered' })
  createdAt: string;
}

/** What an account holds. */
export class LedgerBalanceResponse {
  @ApiProperty({ enum: ACCOUNT_NAMES })
  account: string;
  @ApiProperty({ type: SignedMoney })
  balance: SignedMoney;
}

/** Every account with money in it. */
export class LedgerBalancesResponse {
  @ApiProperty({ type: [LedgerBalanceResponse] })
  data: LedgerBalanceResponse[];
}
