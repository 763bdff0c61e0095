import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { inspectPicture, makeRenditions } from './picture.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emporium-pictures-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Something with as much to see as a photo has. */
async function photo(width: number, height: number, dots = { width: 60, height: 40 }): Promise<string> {
  const path = join(folder, 'original.png');
  const noise = await sharp({
    create: { ...dots, channels: 3, background: '#888', noise: { type: 'gaussian', sigma: 60 } },
  })
    .ensureAlpha(0.5)
    .png()
    .toBuffer();
  await sharp(noise).resize(width, height, { fit: 'fill' }).toFile(path);
  return path;
}

const render = (path: string) => makeRenditions(path, (width, ending) => join(folder, `${width}.${ending}`));

describe('the smaller versions of a picture', () => {
  it('are WebP and AVIF of the same size, and the AVIF has fewer bytes', async () => {
    const { width, height, files } = await render(await photo(1200, 800));
    expect([width, height, files.map((one) => one.width)]).toEqual([1200, 800, [160, 480, 960]]);
    for (const file of files) {
      const [webp, avif] = await Promise.all([sharp(file.webp).metadata(), sharp(file.avif).metadata()]);
      expect([webp.format, webp.width, webp.height]).toEqual(['webp', file.width, Math.round((file.width * 2) / 3)]);
      expect([avif.format, avif.compression, avif.width, avif.height]).toEqual([
        'heif',
        'av1',
        webp.width,
        webp.height,
      ]);
      expect(statSync(file.avif!).size).toBeLessThan(statSync(file.webp).size);
    }
  });

  it('look alike, through what can be seen through, too', async () => {
    const { files } = await render(await photo(600, 400, { width: 24, height: 16 }));
    const raw = (path: string) => sharp(path).raw().toBuffer({ resolveWithObject: true });
    const [webp, avif] = await Promise.all([raw(files[1]!.webp), raw(files[1]!.avif!)]);
    expect([webp.info.channels, avif.info.channels]).toEqual([4, 4]);
    const apart = webp.data.reduce((sum, value, i) => sum + Math.abs(value - avif.data[i]!), 0) / webp.data.length;
    expect(apart).toBeLessThan(4);
  });

  it('are WebP alone where there is so little to see that AVIF would be larger', async () => {
    const path = join(folder, 'plain.png');
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#7a5c3e' } }).toFile(path);
    expect((await render(path)).files).toEqual([{ width: 40, webp: join(folder, '40.webp') }]);
  });

  it('are WebP alone, the small ones too, where the widest is so high that AVIF would fill the memory', async () => {
    const { files } = await render(await photo(500, 14_000));
    expect(files.map(({ width, avif }) => [width, avif !== undefined])).toEqual([
      [160, false],
      [480, false],
    ]);
  });

  it('are WebP alone where AVIF cannot be written', async () => {
    const path = await photo(300, 200);
    sharp.block({ operation: ['VipsForeignSaveHeif'] });
    try {
      expect((await render(path)).files).toEqual([{ width: 160, webp: join(folder, '160.webp') }]);
    } finally {
      sharp.unblock({ operation: ['VipsForeignSaveHeif'] });
    }
    expect((await render(path)).files[0]!.avif).toBe(join(folder, '160.avif'));
  });
});

describe('a GIF', () => {
  type Frame = readonly [left: number, top: number, width?: number, height?: number];
  const FRAME: Frame = [0, 0];
  let plain: Buffer;
  beforeAll(async () => {
    plain = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#7a5c3e' } })
      .gif()
      .toBuffer();
  });

  /** A screen of this size, and frames of 8 by 8 pixels, some of which call themselves larger. */
  function gif(width: number, height: number, frames: readonly Frame[]): Buffer {
    const colors = 3 * 2 ** ((plain[10]! & 7) + 1);
    const head = Buffer.from(plain.subarray(0, 13 + colors));
    head.writeUInt16LE(width, 6);
    head.writeUInt16LE(height, 8);
    const blocks = frames.map((frame) => {
      const block = Buffer.from(plain.subarray(13 + colors, -1));
      for (const [i, number] of frame.entries()) block.writeUInt16LE(number!, block.indexOf(0x2c) + 1 + 2 * i);
      return block;
    });
    return Buffer.concat([head, ...blocks, plain.subarray(-1)]);
  }

  async function verdict(bytes: Buffer): Promise<string> {
    const path = join(folder, 'picture.gif');
    writeFileSync(path, bytes);
    return inspectPicture(path, 'gif', bytes.subarray(0, 32)).then(
      () => 'taken',
      ({ code }: { code: string }) => code,
    );
  }

  it.each<[string, number, number, readonly Frame[]]>([
    ['as other programs write it', 8, 8, [FRAME]],
    ['of a screen without a size, which is that of its frame then', 0, 0, [FRAME]],
    ['of a screen of 50 megapixels', 10_000, 5_000, [FRAME]],
    ['of a wide screen', 65_535, 762, [FRAME]],
    ['of frames here and there', 1_000, 1_000, [FRAME, [992, 992], [500, 0]]],
    ['of so many frames that they are more than 50 megapixels together', 1_000, 1_000, Array(100).fill(FRAME)],
    ['of later frames that reach out of the screen, where nobody sees them', 8, 8, [FRAME, [60_000, 60_000]]],
  ])('%s is taken', async (_what, width, height, frames) => {
    expect(await verdict(gif(width, height, frames))).toBe('taken');
  });

  it.each<[string, number, number, readonly Frame[]]>([
    ['whose screen has 400 megapixels', 20_000, 20_000, [FRAME]],
    ['whose screen has a line more than 50 megapixels', 10_000, 5_001, [FRAME]],
    ['that moves in such a screen', 65_535, 65_535, [FRAME, FRAME, FRAME]],
    ['whose first frame is so large', 8, 8, [[0, 0, 20_000, 20_000]]],
    ['whose first frame lies so far out', 8, 8, [[20_000, 20_000]]],
    ['whose screen is wide and whose first frame lies far below', 60_000, 8, [[0, 60_000]]],
  ])('%s is too large', async (_what, width, height, frames) => {
    expect(await verdict(gif(width, height, frames))).toBe('image_too_large');
  });

  it.each([6, 9, 10, 13, 20, 40])('that ends after %d bytes is none', async (bytes) => {
    expect(await verdict(plain.subarray(0, bytes))).toBe('not_an_image');
  });
});
