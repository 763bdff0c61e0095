import { ApiProperty } from '@nestjs/swagger';
import { FINDING_KINDS } from '../findings.js';

/** One thing that a reconciliation found. */
export class ReconciliationFindingResponse {
  @ApiProperty({ enum: FINDING_KINDS })
  kind: string;
  @ApiProperty({
    enum: ['info', 'warning', 'critical'],
    description: '`warning` was put right; `critical` needs somebody to look at it',
  })
  severity: string;
  @ApiProperty({ description: "Stripe's object, or a row of ours", example: 'pi_3QK…' })
  subject: string;
  @ApiProperty({ type: String, nullable: true })
  paymentId: string | null;
  @ApiProperty({ type: String, nullable: true })
  orderId: string | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'what Stripe says, or what should be; amounts in minor units',
  })
  expected: Record<string, unknown> | null;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'what we had' })
  found: Record<string, unknown> | null;
  @ApiProperty({ example: 'read from Stripe and applied' })
  action: string;
  @ApiProperty()
  createdAt: string;
}

/** A comparison of our book of money with Stripe's. */
export class ReconciliationResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ enum: ['quick', 'full'] })
  kind: string;
  @ApiProperty({ enum: ['queued', 'running', 'done', 'failed'] })
  status: string;
  @ApiProperty({ description: 'system or a member of staff' })
  actor: string;
  @ApiProperty()
  from: string;
  @ApiProperty()
  to: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'what was compared, by kind',
    example: { intentsCompared: 120, refundsCompared: 4 },
  })
  counts: Record<string, number>;
  @ApiProperty({
    type: 'object',
    properties: { info: { type: 'integer' }, warning: { type: 'integer' }, critical: { type: 'integer' } },
    required: ['info', 'warning', 'critical'],
    description: 'how many findings there are of each severity',
  })
  findingCounts: { info: number; warning: number; critical: number };
  @ApiProperty({ type: String, nullable: true, description: 'why the last try stopped' })
  failure: string | null;
  @ApiProperty()
  createdAt: string;
  @ApiProperty({ type: String, nullable: true })
  finishedAt: string | null;
}

/** A comparison with what it found, the worst first. */
export class ReconciliationReportResponse extends ReconciliationResponse {
  @ApiProperty({ type: [ReconciliationFindingResponse], description: 'up to 1,000' })
  findings: ReconciliationFindingResponse[];
}
