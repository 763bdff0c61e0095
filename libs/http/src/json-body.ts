import { AppError, BodyTooDeep, type FieldError, InvalidJson, ValidationFailed } from '#libs/errors';

const MAX_DEPTH = 32;
const MAX_KEYS = 5_000;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * One pass over the text before JSON.parse: nesting and keys are bounded, since deep JSON costs the parser and every
 * walker behind it far more than its bytes.
 */
function checkShape(text: string): AppError | null {
  let depth = 0;
  let keys = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 92) i += 1;
      else if (c === 34) inString = false;
    } else if (c === 34) inString = true;
    else if (c === 123 || c === 91) {
      depth += 1;
      if (depth > MAX_DEPTH) return BodyTooDeep({ detail: `At most ${MAX_DEPTH} levels.` });
    } else if (c === 125 || c === 93) depth -= 1;
    else if (c === 58) {
      keys += 1;
      if (keys > MAX_KEYS) return InvalidJson({ detail: `At most ${MAX_KEYS} keys.` });
    }
  }
  return null;
}

/** Texts that Postgres cannot store: NUL, and half a surrogate pair. `$` names what they would have been found in. */
function findUnstorable(value: unknown, pointer: string): FieldError | null {
  if (typeof value === 'string') {
    return value.includes('\0') || !value.isWellFormed()
      ? { pointer: pointer || '/', code: 'invalid_text', detail: 'contains NUL or half a surrogate pair' }
      : null;
  }
  if (value === null || typeof value !== 'object') return null;
  for (const [key, item] of Object.entries(value)) {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const found = findUnstorable(key, at) ?? findUnstorable(item, at);
    if (found) return found;
  }
  return null;
}

/** What every object has already: such a key pollutes prototypes, or is dropped on the way without a word. */
const RESERVED = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);
const MAY_BE_RESERVED = new RegExp(String.raw`"(?:${[...RESERVED].join('|')}|(?:[^"\\]|\\.)*\\u(?:[^"\\]|\\.)*)"\s*:`);

/** Whether every object has a property of this name. */
export const isReservedKey = (key: string): boolean => RESERVED.has(key);

function findReservedKey(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = isReservedKey(key) ? key : findReservedKey(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Reads a JSON body: an object, valid UTF-8, bounded in depth and keys, without keys that pollute prototypes and without
 * text that cannot be stored.
 * @throws {AppError} `invalid_json`, `body_too_deep` or `validation_failed`
 */
export function parseJsonBody(raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  let text: string;
  try {
    text = decoder.decode(raw);
  } catch {
    throw InvalidJson({ detail: 'The body is not UTF-8.' });
  }
  const wrongShape = checkShape(text);
  if (wrongShape) throw wrongShape;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw InvalidJson();
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw InvalidJson({ detail: 'The body must be a JSON object.' });
  const reserved = MAY_BE_RESERVED.test(text) ? findReservedKey(value) : undefined;
  if (reserved !== undefined) throw InvalidJson({ detail: `The key "${reserved}" is not allowed.` });
  if (text.includes('\\u')) {
    const found = findUnstorable(value, '');
    if (found) throw ValidationFailed({ errors: [found] });
  }
  return value;
}
