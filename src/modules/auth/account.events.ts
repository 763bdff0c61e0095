import { defineEvent } from '#libs/outbox';

export const PasswordResetRequested = defineEvent({
  topic: 'account.password_reset_requested',
  version: 1,
  description: 'Somebody forgot a password, or says so. The mail goes out only where the address has an account.',
  example: { linkId: '01920000-0000-7000-8000-0000000000c1' },
});
export const PasswordChanged = defineEvent({
  topic: 'account.password_changed',
  version: 1,
  description: 'An account has another password. Its owner is told, in case that it was not them.',
  example: { account: 'cus_01j4000000e008000000000001', kind: 'customer' },
});
export const TwoFactorChanged = defineEvent({
  topic: 'account.two_factor_changed',
  version: 1,
  description:
    'Codes are asked for at the sign-in to an account, or not any more; or its recovery codes are others, or one was used. Its owner is told.',
  example: { account: 'usr_01j4000000e008000000000001', kind: 'staff', change: 'enabled' },
});
export const IdentityChanged = defineEvent({
  topic: 'account.identity_changed',
  version: 1,
  description:
    'An account can be entered by way of a provider of identities (`linked`), or not any more (`unlinked`). Its owner is told.',
  example: { account: 'cus_01j4000000e008000000000001', kind: 'customer', change: 'linked', provider: 'google' },
});
export const StaffInvited = defineEvent({
  topic: 'staff.invited',
  version: 1,
  description: 'Somebody shall work here; the mail that they get has the link with which they choose their password.',
  example: { linkId: '01920000-0000-7000-8000-0000000000c1', userId: 'usr_01j4000000e008000000000001' },
});
export const AccessGiven = defineEvent({
  topic: 'staff.access_given',
  version: 1,
  description:
    'There is another way to the tools of the shop: somebody works here now (`staff`), may do other things (`role`), or has made an API key (`api_key`). The owners are told, in case that it was not them.',
  example: {
    what: 'api_key',
    subject: 'key_01j4000000e008000000000001',
    by: 'usr_01j4000000e008000000000001',
  },
});
