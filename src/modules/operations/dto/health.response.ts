import { ApiProperty } from '@nestjs/swagger';
import type { PartState, ReadinessReport } from '../readiness.js';

/** The process answers. */
export class LiveResponse {
  @ApiProperty({ enum: ['ok'] })
  status: 'ok';
}

/** How one part of the house is. */
export class PartStateResponse implements PartState {
  @ApiProperty({ enum: ['up', 'down', 'pending', 'not_used'] })
  status: PartState['status'];
  @ApiProperty({ type: String, required: false })
  detail?: string;
}

/** The parts that readiness depends on. */
export class ReadinessChecksResponse {
  @ApiProperty({ type: () => PartStateResponse })
  postgres: PartStateResponse;
  @ApiProperty({ type: () => PartStateResponse })
  migrations: PartStateResponse;
  @ApiProperty({ type: () => PartStateResponse, description: 'the shop works without it, jobs merely start later' })
  redis: PartStateResponse;
  @ApiProperty({
    type: () => PartStateResponse,
    description: 'as the calls of this process found it; without it orders are placed, and paid later',
  })
  stripe: PartStateResponse;
}

/** The process may get requests. */
export class ReadyResponse implements ReadinessReport {
  @ApiProperty({ enum: ['ready', 'degraded'] })
  status: ReadinessReport['status'];
  @ApiProperty({ type: () => ReadinessChecksResponse })
  checks: ReadinessChecksResponse;
}
