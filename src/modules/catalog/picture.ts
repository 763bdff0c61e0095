import type { Metadata, Sharp } from 'sharp';
import { log } from '#libs/log';
import { ImageTooLarge, NotAnImage } from './catalog.errors.js';
import { type IMAGE_TYPES, screenOfGif } from './image-type.js';

/** Width times height: 50 megapixels are more than cameras for shops make, and decode to some 150 MB. */
const MAX_PIXELS = 50_000_000;
/** Nobody looks at more of a picture that had to be written anew. */
const MAX_EDGE = 4096;
/** WebP ends at 16383. */
const MAX_HEIGHT = 16_000;
/** Widths in which a picture is kept beside its original, for thumbnails and screens of all sizes. */
const RENDITION_WIDTHS = [160, 480, 960, 1600];

const WEBP = { quality: 80 };
/** What looks like our WebP and is a quarter smaller (docs/pictures.md); more effort takes seven times as long for a tenth less. */
const AVIF = { quality: 58, effort: 2, chromaSubsampling: '4:2:0' };
/** AVIF of more (a picture ten times as high as wide) would take some 600 MB and many seconds. */
const MAX_AVIF_PIXELS = 4_000_000;

/** What sharp calls what we call by the ending of the name. */
const FORMATS: Readonly<Record<keyof typeof IMAGE_TYPES, string>> = {
  png: 'png',
  jpg: 'jpeg',
  gif: 'gif',
  webp: 'webp',
  avif: 'heif',
};

/** Most processes never touch a picture: the library is loaded when one comes. One at a time, to bound memory. */
async function open(path: string): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp(path, { limitInputPixels: MAX_PIXELS, sequentialRead: true, failOn: 'error' });
}

/**
 * Looks into an uploaded file before anybody else does.
 * @param head its first bytes, by which it is of that type
 * @returns whether it says more than what it shows: where and when it was taken, or that it is to be turned
 * @throws NotAnImage when it is not what its first bytes say, ImageTooLarge for what would fill the memory once decoded
 */
export async function inspectPicture(
  path: string,
  type: keyof typeof IMAGE_TYPES,
  head: Buffer,
): Promise<{ isTalkative: boolean }> {
  let found: Metadata;
  try {
    found = await (await open(path)).metadata();
  } catch (error) {
    throw /pixel limit|too large|exceeds/i.test(String(error))
      ? ImageTooLarge({ cause: error })
      : NotAnImage({ cause: error });
  }
  if (found.format !== FORMATS[type] || !found.width || !found.height) throw NotAnImage();
  // Browsers make room for the screen of a GIF and for its first frame, later ones they cut to that; sharp may tell of the frame
  // alone.
  const screen = type === 'gif' ? screenOfGif(head) : { width: 0, height: 0 };
  if (Math.max(found.width, screen.width) * Math.max(found.height, screen.height) > MAX_PIXELS) throw ImageTooLarge();
  await decode(path);
  const isTalkative = Boolean(found.exif ?? found.xmp ?? found.iptc) || (found.orientation ?? 1) !== 1;
  return { isTalkative };
}

/** Whether all of it is there. @throws NotAnImage */
async function decode(path: string): Promise<void> {
  try {
    await (await open(path)).resize({ width: 16 }).raw().toBuffer();
  } catch (error) {
    throw NotAnImage({ cause: error });
  }
}

/** Writes a picture anew without what it says beside what it shows; turned as it is meant to be seen. @throws NotAnImage */
export async function silencePicture(path: string, target: string): Promise<void> {
  try {
    await (
      await open(path)
    )
      .rotate()
      .resize({ width: MAX_EDGE, height: MAX_EDGE, fit: 'inside', withoutEnlargement: true })
      .toFile(target);
  } catch (error) {
    throw NotAnImage({ cause: error });
  }
}

/** A smaller version of a picture. */
export interface RenditionFiles {
  /** pixels */
  width: number;
  webp: string;
  /** Left out where it would not be smaller than the WebP, or cannot be written here. */
  avif?: string;
}

/**
 * Makes the smaller versions of a picture, as WebP and, where that is smaller, as AVIF; where the widest is none, no other is:
 * who takes AVIF must not be left with the small ones.
 * @param pathOf where to write the one of this width and ending
 * @throws NotAnImage when it cannot be decoded
 */
export async function makeRenditions(
  path: string,
  pathOf: (width: number, ending: 'webp' | 'avif') => string,
): Promise<{ width: number; height: number; files: RenditionFiles[] }> {
  try {
    const { autoOrient } = await (await open(path)).metadata();
    const { width, height } = autoOrient;
    const smaller = RENDITION_WIDTHS.filter((one) => one < width);
    const widths = smaller.length > 0 ? smaller : [width];
    const widest = widths.at(-1)!;
    let isForAvif = widest * Math.min((widest * height) / width, MAX_HEIGHT) <= MAX_AVIF_PIXELS;
    const files: RenditionFiles[] = [];
    for (const one of widths.toReversed()) {
      const resized = (await open(path)).rotate().resize({ width: one, height: MAX_HEIGHT, fit: 'inside' });
      // Decoded once for both.
      const picture = isForAvif ? await decoded(resized) : resized;
      const [webp, avif] = [pathOf(one, 'webp'), pathOf(one, 'avif')];
      const { size } = await picture.clone().webp(WEBP).toFile(webp);
      const isAvif = isForAvif && (await isSmallerAsAvif(picture, avif, size));
      if (one === widest) isForAvif = isAvif;
      files.unshift({ width: one, webp, ...(isAvif && { avif }) });
    }
    return { width, height, files };
  } catch (error) {
    throw NotAnImage({ cause: error });
  }
}

async function decoded(picture: Sharp): Promise<Sharp> {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
}

/** Writes a picture as AVIF. @returns whether that is smaller; false where the sharp of this machine cannot write it, too */
async function isSmallerAsAvif(picture: Sharp, target: string, bytes: number): Promise<boolean> {
  try {
    return (await picture.clone().avif(AVIF).toFile(target)).size < bytes;
  } catch (error) {
    // The picture is fine: it has just been written as WebP.
    log.warn('media.avif_not_written', { error });
    return false;
  }
}
