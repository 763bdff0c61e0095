import { defineError } from '#libs/errors';

export const InvalidCredentials = defineError({
  code: 'invalid_credentials',
  kind: 'unauthenticated',
  title: 'E-mail address or password is wrong',
  help: 'The answer is the same for an unknown address, a wrong password and a suspended account.',
});
export const WrongPassword = defineError({
  code: 'wrong_password',
  kind: 'unprocessable',
  title: 'The password is wrong',
  help: 'Changes of an account need its present password, although you are signed in.',
});
export const InvalidChallenge = defineError({
  code: 'invalid_challenge',
  kind: 'unauthenticated',
  title: 'This sign-in is over; start again with the password',
  help: 'A challenge works once, for five minutes and five codes, and ends when the password changes.',
});
export const InvalidCode = defineError({
  code: 'invalid_code',
  kind: 'unprocessable',
  title: 'This code is wrong, too old or used already',
  help: 'Send the six digits that the authenticator app shows now, each once, or one of the recovery codes.',
});
export const TwoFactorLocked = defineError({
  code: 'two_factor_locked',
  kind: 'forbidden',
  title: 'There were too many wrong codes',
  help: 'Whoever sends wrong codes knows the password: choose another one with POST /v1/auth/forgot-password, then codes work again.',
});
export const TwoFactorRequired = defineError({
  code: 'two_factor_required',
  kind: 'forbidden',
  title: 'The shop asks its staff for a second factor, and you have none yet',
  help: 'POST /v1/admin/me/two-factor sets one up; everything else opens once it is confirmed.',
});
export const TwoFactorEnabled = defineError({
  code: 'two_factor_enabled',
  kind: 'conflict',
  title: 'The account has a second factor already',
  help: 'For another telephone, disable it first.',
});
export const TwoFactorNotEnabled = defineError({
  code: 'two_factor_not_enabled',
  kind: 'conflict',
  title: 'The account has no second factor',
});
export const PublishableKeyMissing = defineError({
  code: 'publishable_key_missing',
  kind: 'unauthenticated',
  title: 'This shop asks storefronts for a publishable key',
  help: 'Send `X-Publishable-Key: emp_pk_…` with every request. Staff make keys at POST /v1/admin/publishable-keys.',
});
export const InvalidPublishableKey = defineError({
  code: 'invalid_publishable_key',
  kind: 'unauthenticated',
  title: 'This publishable key does not work',
  help: 'It is unknown, revoked or over. A key that was rotated goes on for some hours only.',
});
export const OriginNotAllowed = defineError({
  code: 'origin_not_allowed',
  kind: 'forbidden',
  title: 'This page may not use the publishable key',
  help: 'The key names the origins that may use it; the one of this page is none of them.',
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
export const IdentityTaken = defineError({
  code: 'identity_taken',
  kind: 'conflict',
  title: 'This account of the provider opens another account here',
  help: 'Sign in with it and take it away there first.',
});
export const InvalidLink = defineError({
  code: 'invalid_link',
  kind: 'unprocessable',
  title: 'This link does not work any more',
  help: 'A link in a mail works once and for a limited time, and a newer one replaces it. Ask for another mail.',
});
export const LastOwner = defineError({
  code: 'last_owner',
  kind: 'conflict',
  title: 'The shop needs an owner',
  help: 'The last owner who can sign in keeps their role and is not suspended. Make another one first.',
});
export const PermissionNotYours = defineError({
  code: 'permission_not_yours',
  kind: 'forbidden',
  title: 'You may not give or take what you may not do yourself',
  help: '`missing` names the permissions that you lack. Somebody who has them can do it.',
});
export const RoleNotFound = defineError({
  code: 'role_not_found',
  kind: 'unprocessable',
  title: 'There is no such role',
});
export const RoleNameTaken = defineError({
  code: 'role_name_taken',
  kind: 'conflict',
  title: 'There is a role with this name already',
});
export const RoleInUse = defineError({
  code: 'role_in_use',
  kind: 'conflict',
  title: 'Somebody has this role',
  help: 'Give those who have it another one first.',
});
