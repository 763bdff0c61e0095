import { InvalidId } from '#libs/errors';
import { decodeId, ID_PREFIXES, type IdPrefix } from '#libs/ids';

const PREFIXES = new Set<string>(Object.values(ID_PREFIXES));

/**
 * A path parameter that is an id or a handle. An id of another kind of thing is refused: no handle looks like that, and the
 * client has mixed something up.
 */
export function idOrHandle(kind: IdPrefix, text: string): { id: string } | { handle: string } {
  const id = decodeId(kind, text);
  if (id !== null) return { id };
  const match = /^([a-z]{2,8})_[0-9a-hjkmnp-tv-z]{26}$/.exec(text);
  if (match && PREFIXES.has(match[1]!)) {
    const detail = `must be a handle or an id that begins with ${ID_PREFIXES[kind]}_`;
    throw InvalidId({
      detail: `idOrHandle ${detail}.`,
      errors: [{ pointer: 'idOrHandle', code: 'invalid_id', detail }],
    });
  }
  return { handle: text };
}
