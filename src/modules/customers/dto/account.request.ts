import { Email, Flag, Id, OneOf, Opt, Text } from '#libs/http';
import { CUSTOMER_PASSWORD_MIN, PASSWORD_MAX, type SessionCarrier } from '../../auth/index.js';

const NEW_PASSWORD = {
  description: `at least ${CUSTOMER_PASSWORD_MIN} characters (15 are better); any will do, except what is guessed first`,
  example: 'violet harbor 42 pelicans',
};

/** Who wants an account. */
export class RegisterRequest {
  @Email({ example: 'ada@example.com' })
  email: string;
  @Text(PASSWORD_MAX, NEW_PASSWORD)
  password: string;
  @Text(100, Opt({ example: 'Ada' }))
  firstName?: string;
  @Text(100, Opt({ example: 'Lovelace' }))
  lastName?: string;
  @Flag(Opt({ description: 'whether they want to hear of offers', example: false }))
  acceptsMarketing?: boolean;
}

/** The link of the mail, and the password of the account that it belongs to. */
export class VerifyEmailRequest {
  @Text(100, { description: 'what follows `token=` in the link of the mail', example: 'the token of the mail' })
  token: string;
  @Text(PASSWORD_MAX, {
    description: 'of the account: the link shows whose mailbox it is, the password who asked for it',
    example: 'violet harbor 42 pelicans',
  })
  password: string;
  @OneOf(['body', 'cookie'], Opt({ description: 'as at the sign-in: where the refresh token goes' }))
  session?: SessionCarrier;
  @Id('cart', Opt({ description: 'as at the sign-in: the cart of the guest; its token goes into X-Cart-Token' }))
  cartId?: string;
}

/** Any subset of the profile; null clears the telephone number. */
export class UpdateMeRequest {
  @Text(100, Opt({ min: 0, example: 'Ada' }))
  firstName?: string;
  @Text(100, Opt({ min: 0, example: 'Lovelace' }))
  lastName?: string;
  @Text(40, Opt({ nullable: true, example: '+1 555 0100' }))
  phone?: string | null;
  @Flag(Opt({ example: true }))
  acceptsMarketing?: boolean;
  @Text(30, Opt({ nullable: true, description: 'of a business in the EU', example: 'DE123456789' }))
  vatNumber?: string | null;
}

/** The present password, and the one from now on. */
export class ChangePasswordRequest {
  @Text(PASSWORD_MAX, { description: 'the present one', example: 'violet harbor 42 pelicans' })
  password: string;
  @Text(PASSWORD_MAX, { ...NEW_PASSWORD, example: 'amber tractor 17 lullabies' })
  newPassword: string;
  @Flag(
    Opt({
      description:
        'take away the accounts at providers that open this one, too, since one may be somebody else’s; else they stay',
    }),
  )
  unlinkIdentities?: boolean;
}

/** The e-mail address from now on. */
export class ChangeEmailRequest {
  @Email({ example: 'ada@new.example' })
  email: string;
  @Text(PASSWORD_MAX, { description: 'of the account', example: 'violet harbor 42 pelicans' })
  password: string;
}

/** What deleting an account needs. */
export class DeleteMeRequest {
  @Text(PASSWORD_MAX, { description: 'of the account', example: 'violet harbor 42 pelicans' })
  password: string;
  @Flag(Opt({ description: 'give up the store credit that is left; else it keeps the account' }))
  forfeitCredit?: boolean;
}
