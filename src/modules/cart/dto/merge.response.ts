import { ApiProperty } from '@nestjs/swagger';
import { Id, Opt } from '#libs/http';
import { CartChangeResponse, type SignInCartResponse } from '../../auth/index.js';
import { CartResponse } from './cart.response.js';

/** Into which cart. */
export class MergeCartRequest {
  @Id('cart', Opt({ description: 'a cart of the customer; the one they used last when left out' }))
  intoCartId?: string;
}

/** The customer's cart, and what the guest's changed in it. */
export class MergedCartResponse {
  @ApiProperty({
    enum: ['unchanged', 'claimed', 'merged'],
    description:
      '`claimed`: the customer had no cart, the one of the guest is theirs now. `merged`: its lines went into the cart that the customer had.',
  })
  outcome: SignInCartResponse['outcome'];
  @ApiProperty({ type: [CartChangeResponse] })
  changes: CartChangeResponse[];
  @ApiProperty({ type: () => CartResponse })
  cart: CartResponse;
}
