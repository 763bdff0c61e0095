import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { makeRenditions } from './picture.js';

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
