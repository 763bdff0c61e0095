import { defineError } from '#libs/errors';

export const ProviderNotFound = defineError({
  code: 'provider_not_found',
  kind: 'not_found',
  title: 'There is no such provider of identities',
  help: 'GET /v1/auth/providers lists those of this shop; each is for customers, for staff or for both.',
});
export const ProviderUnavailable = defineError({
  code: 'provider_unavailable',
  kind: 'unavailable',
  title: 'The provider of identities does not answer',
  help: 'Try again in a moment, or sign in with your password.',
});
export const SignInNotFinished = defineError({
  code: 'sign_in_not_finished',
  kind: 'unprocessable',
  title: 'This sign-in cannot be finished',
  help: 'Its time is over, it was finished before, or it was begun by another page. Begin again.',
});
export const EmailNotVerified = defineError({
  code: 'email_not_verified',
  kind: 'forbidden',
  title: 'The provider has not verified your e-mail address',
  help: 'Accounts are found and opened by addresses that the provider vouches for (`email_verified`). Verify it there, or register here with a password.',
});
export const NotOurStaff = defineError({
  code: 'not_our_staff',
  kind: 'forbidden',
  title: 'Nobody of the staff has this e-mail address',
  help: 'Staff are invited by an owner; signing in elsewhere makes nobody staff.',
});
export const LastWayIn = defineError({
  code: 'last_way_in',
  kind: 'conflict',
  title: 'Without this nobody could sign in to the account',
  help: 'Choose a password first: POST /v1/auth/forgot-password.',
});
