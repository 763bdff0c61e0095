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
