import { ValidationFailed } from '#libs/errors';
import { CUSTOMER_PASSWORD_MIN, passwordProblem } from '../auth/index.js';

/** @throws validation_failed when the password is too short or among those that are tried first */
export function checkNewPassword(
  password: string,
  person: { email: string; name: string },
  pointer = '/password',
): void {
  const problem = passwordProblem(password, person, CUSTOMER_PASSWORD_MIN);
  if (problem) throw ValidationFailed({ errors: [{ pointer, ...problem }] });
}
