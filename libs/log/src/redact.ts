/** Keys whose values never reach a log: credentials and personal data. */
const SENSITIVE_KEY =
  /pass(word|phrase)?$|secret|token|authorization|cookie|api[-_]?key|idempotency[-_]?key|card|cvc|email|phone|^(first|last|full)?name$|address|line[12]$|postal|city|company|body$/i;

/** Things that are secret or personal wherever they stand. */
const SENSITIVE_TEXT: [RegExp, string][] = [
  [/\b(?:sk|rk|pk)_(?:test|live)_[A-Za-z0-9]+/g, '[key]'],
  [/\bwhsec_[A-Za-z0-9+/=]+/g, '[key]'],
  [/\bemp_(?:sk|pk)_[\w-]+/g, '[key]'],
  [/\bpi_[A-Za-z0-9]+_secret_[A-Za-z0-9]+/g, '[secret]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, '[jwt]'],
  [/\bBearer\s+[^\s"']+/gi, 'Bearer [token]'],
  [/[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+/g, '[email]'],
  [/(:\/\/[^:/\s@]{0,64}:)[^@\s/]{1,256}@/g, '$1[password]@'],
  [/\b(?:\d[ -]?){13,19}\b/g, '[digits]'],
];

/** A copy of the value without secrets and personal data, at most 6 levels deep. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    let text = value.length > 4000 ? `${value.slice(0, 4000)}…` : value;
    for (const [pattern, replacement] of SENSITIVE_TEXT) text = text.replace(pattern, replacement);
    return text;
  }
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? String(value) : value;
  if (depth >= 6) return '[deep]';
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) {
    const error = value as Error & { code?: unknown; constraint?: unknown; table?: unknown };
    return {
      type: error.name,
      message: redact(error.message),
      code: redact(error.code),
      constraint: error.constraint,
      table: error.table,
      stack: redact(error.stack),
      cause: error.cause === undefined ? undefined : redact(error.cause, depth + 1),
    };
  }
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    out[key] = SENSITIVE_KEY.test(key) && item !== null && item !== undefined ? '[redacted]' : redact(item, depth + 1);
  }
  return out;
}
