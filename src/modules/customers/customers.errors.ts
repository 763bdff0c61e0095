import { defineError } from '#libs/errors';

export const InvalidLink = defineError({
  code: 'invalid_link',
  kind: 'unprocessable',
  title: 'This link does not work any more',
  help: 'A link in a mail works once and for a limited time, and a newer one replaces it. Ask for another mail.',
});
export const WrongPassword = defineError({
  code: 'wrong_password',
  kind: 'unprocessable',
  title: 'The password is wrong',
  help: 'Changes of an account need its present password, although you are signed in.',
});
