import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { Id, Int32, ListQuery, ObjectArray, Opt, Text, Time } from '#libs/http';
import { FULFILLMENT_STATUSES, ORDER_STATUSES, PAYMENT_STATUSES } from '../order.state.js';

/** Filters of the staff's order list. */
export class OrderListQuery extends ListQuery {
  @ApiPropertyOptional({ enum: ORDER_STATUSES })
  @IsOptional()
  @IsIn([...ORDER_STATUSES])
  status?: string;
  @ApiPropertyOptional({ enum: PAYMENT_STATUSES })
  @IsOptional()
  @IsIn([...PAYMENT_STATUSES])
  paymentStatus?: string;
  @ApiPropertyOptional({ enum: FULFILLMENT_STATUSES })
  @IsOptional()
  @IsIn([...FULFILLMENT_STATUSES])
  fulfillmentStatus?: string;
  @ApiPropertyOptional({ type: String, description: 'order number, or part of the e-mail address', example: '1001' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(254)
  q?: string;
  @Time(Opt())
  'createdAt[gte]'?: string;
  @Time(Opt())
  'createdAt[lte]'?: string;
}

/** How many of a line are in the parcel. */
export class FulfillmentLineRequest {
  @Id('line')
  lineId: string;
  @Int32(1, 9999, { example: 1 })
  quantity: number;
}

/** A parcel; everything that is left to ship when `lines` is left out. */
export class FulfillOrderRequest {
  @ObjectArray(() => FulfillmentLineRequest, 1000, Opt({ min: 1 }))
  lines?: FulfillmentLineRequest[];
  @Text(100, Opt({ example: 'UPS' }))
  carrier?: string;
  @Text(100, Opt({ example: '1Z999AA10123456784' }))
  trackingNumber?: string;
}
