import { Email, Text } from '#libs/http';

/** What a guest knows of an order: both stand in its confirmation. */
export class FindOrderRequest {
  @Text(15, { description: 'the `number` of the order, digits only', pattern: /^[0-9]+$/, example: '1001' })
  number: string;
  @Email({ description: 'the address that it was ordered with', example: 'ada@example.com' })
  email: string;
}
