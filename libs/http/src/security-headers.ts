/**
 * What every answer tells browsers (OWASP ASVS 5.0, chapter 3.4). They are the same for all answers, so they are written
 * down once instead of being computed for each; pages for people replace the policy with one of their own.
 */
export function securityHeaders(production: boolean): Record<string, string> {
  return {
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'cross-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(production ? { 'strict-transport-security': 'max-age=63072000; includeSubDomains' } : {}),
  };
}
