/**
 * The key of a product, whatever an editor did to its letters: lower case, everything that cannot stand in an address
 * becomes a hyphen. Handles of exports stay as they are. Null when nothing is left.
 */
export function normalizeHandle(text: string): string | null {
  const handle = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_-]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  return handle === '' ? null : handle;
}
