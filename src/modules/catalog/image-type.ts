/** The kinds of images that may be uploaded, by the ending of their stored name. No SVG: it can carry scripts. */
export const IMAGE_TYPES = {
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
} as const;

/** Width and height of the screen in which a GIF says that its frames are shown. @param head 10 bytes of it or more */
export const screenOfGif = (head: Buffer) => ({ width: head.readUInt16LE(6), height: head.readUInt16LE(8) });

/** What a file is by its first bytes; null when it is none of ours. */
export function imageTypeOf(head: Buffer): keyof typeof IMAGE_TYPES | null {
  const ascii = (from: number, to: number) => head.toString('latin1', from, to);
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(0, 3) === '\xff\xd8\xff') return 'jpg';
  if (ascii(0, 6) === 'GIF87a' || ascii(0, 6) === 'GIF89a') return 'gif';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
  if (ascii(4, 8) === 'ftyp' && /avi[fs]/.test(ascii(8, 32))) return 'avif';
  return null;
}
