import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Email, Id, OneOf, Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { ACCESS_TOKEN, type SubjectKind } from '../access-token.js';
import { PASSWORD_MAX } from '../password-policy.js';
import { ROLES, type Role } from '../permissions.js';
import type { SessionCarrier } from '../session-answer.js';
import type { CustomerOwner, Session, SessionOwner, StaffOwner } from '../sessions.service.js';

/** What a client may say at each step of a sign-in. */
export class SignInOptions {
  @OneOf(
    ['body', 'cookie'],
    Opt({
      description:
        'where the refresh token goes: into the answer, or into a cookie that no script can read (`HttpOnly`, `SameSite=Strict`)',
    }),
  )
  session?: SessionCarrier;
  @Id('cart', Opt({ description: 'the cart of the guest who signs in; its token goes into X-Cart-Token' }))
  cartId?: string;
}

/** Who wants to sign in. */
export class LoginRequest extends SignInOptions {
  @Email({ example: 'admin@emporium.example' })
  email: string;
  @Text(PASSWORD_MAX, { example: 'the password that npm start showed' })
  password: string;
  @OneOf(
    ['staff', 'customer'],
    Opt({ description: 'which account, where one address has both; the one of staff when left out' }),
  )
  as?: SubjectKind;
}

/** Which session is to be renewed or ended. */
export class RefreshRequest {
  @Text(200, Opt({ description: 'the `refreshToken` of the latest answer; left out where a cookie carries it' }))
  refreshToken?: string;
}

/** A member of staff who is signed in. */
export class SessionStaffResponse {
  @ApiProperty({ enum: ['staff'] })
  type: 'staff';
  @ApiProperty({ example: 'usr_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'admin@emporium.example' })
  email: string;
  @ApiProperty({ example: 'Owner' })
  name: string;
  @ApiProperty({ enum: ROLES })
  role: Role;

  static from({ id, email, name, role }: StaffOwner): SessionStaffResponse {
    return { type: 'staff', id: encodeId('user', id), email, name, role };
  }
}

/** A customer who is signed in. */
export class SessionCustomerResponse {
  @ApiProperty({ enum: ['customer'] })
  type: 'customer';
  @ApiProperty({ example: 'cus_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'ada@example.com' })
  email: string;
  @ApiProperty({ example: 'Ada' })
  firstName: string;
  @ApiProperty({ example: 'Lovelace' })
  lastName: string;

  static from({ id, email, firstName, lastName }: CustomerOwner): SessionCustomerResponse {
    return { type: 'customer', id: encodeId('customer', id), email, firstName, lastName };
  }
}

/** What became of one variant of a guest's cart. */
export class CartChangeResponse {
  @ApiProperty()
  variantId: string;
  @ApiProperty({
    enum: ['added', 'increased', 'left_out', 'recipient_dropped'],
    description:
      '`left_out`: not for sale in the currency of the cart, or the cart is full. `recipient_dropped`: the guest had named somebody else for these gift cards; they go to the customer, or to whom the customer has named. It comes beside what became of the variant otherwise',
  })
  change: 'added' | 'increased' | 'left_out' | 'recipient_dropped';
  @ApiProperty({ type: 'integer', description: 'how many are in the cart now' })
  quantity: number;
  @ApiProperty({ type: 'integer', description: 'how many of the two carts were added up' })
  wanted: number;
}

/** The cart that is the customer's now. */
export class SignInCartResponse {
  @ApiProperty({ example: 'cart_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({
    enum: ['unchanged', 'claimed', 'merged'],
    description:
      '`claimed`: the cart of the guest is the customer’s now. `merged`: its lines went into the cart that the customer had.',
  })
  outcome: 'unchanged' | 'claimed' | 'merged';
  @ApiProperty({ type: [CartChangeResponse] })
  changes: CartChangeResponse[];
}

/** A session: the access token opens routes for ten minutes, the refresh token gets the next pair once. */
@ApiExtraModels(SessionStaffResponse, SessionCustomerResponse)
export class SessionResponse {
  @ApiProperty({ description: 'for `Authorization: Bearer`' })
  accessToken: string;
  @ApiProperty({ enum: ['Bearer'] })
  tokenType: 'Bearer';
  @ApiProperty({ type: 'integer', description: 'seconds that the access token is good for', example: 600 })
  expiresIn: number;
  @ApiProperty({ required: false, description: 'for POST /v1/auth/refresh, once; left out where a cookie carries it' })
  refreshToken?: string;
  @ApiProperty({
    oneOf: [{ $ref: getSchemaPath(SessionStaffResponse) }, { $ref: getSchemaPath(SessionCustomerResponse) }],
  })
  user: SessionStaffResponse | SessionCustomerResponse;
  @ApiProperty({
    type: SignInCartResponse,
    required: false,
    nullable: true,
    description: 'at the sign-in of a customer: their cart, and what the one of the guest changed in it',
  })
  cart?: SignInCartResponse | null;

  static from(
    session: Session & { owner: SessionOwner },
    accessToken: string,
    cart?: SignInCartResponse | null,
  ): SessionResponse {
    const { owner } = session;
    return {
      accessToken,
      tokenType: 'Bearer',
      expiresIn: ACCESS_TOKEN.lifetimeSeconds,
      refreshToken: session.refreshToken,
      user: owner.kind === 'staff' ? SessionStaffResponse.from(owner) : SessionCustomerResponse.from(owner),
      ...(cart === undefined ? {} : { cart }),
    };
  }
}
