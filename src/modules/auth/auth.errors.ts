import { defineError } from '#libs/errors';

export const InvalidCredentials = defineError({
  code: 'invalid_credentials',
  kind: 'unauthenticated',
  title: 'E-mail address or password is wrong',
  help: 'The answer is the same for an unknown address, a wrong password and a suspended account.',
});
export const InvalidRefreshToken = defineError({
  code: 'invalid_refresh_token',
  kind: 'unauthenticated',
  title: 'This session is over; sign in again',
  help: 'Each refresh token works once; use the one of the latest answer. An old one that is sent again ends the session.',
});
export const EmailTaken = defineError({
  code: 'email_taken',
  kind: 'conflict',
  title: 'There is an account with this e-mail address already',
});
export const InvalidLink = defineError({
  code: 'invalid_link',
  kind: 'unprocessable',
  title: 'This link does not work any more',
  help: 'A link in a mail works once and for a limited time, and a newer one replaces it. Ask for another mail.',
});
