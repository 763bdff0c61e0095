import { ApiProperty } from '@nestjs/swagger';
import { Email } from '#libs/http';

/** Who wants to hear of it. */
export class StockAlertRequest {
  @Email({ example: 'ada@example.com' })
  email: string;
}

/** The answer is the same whoever asks, and however often. */
export class StockAlertResponse {
  @ApiProperty({ enum: ['waiting'] })
  status: 'waiting';
}
