import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { Shop } from '../support/shop.js';

interface S3Server {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}
const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3Server;

/** A photo of some width with something to see, which says where it was taken and that it lies on its side. */
async function photo(width: number, height: number): Promise<Buffer> {
  const dots = await sharp({
    create: { width: 60, height: 40, channels: 3, background: '#7a5c3e', noise: { type: 'gaussian', sigma: 60 } },
  })
    .png()
    .toBuffer();
  return sharp(dots)
    .resize(width, height, { fit: 'fill' })
    .withExif({ IFD0: { Copyright: 'somebody at home' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
}

/** A PNG of some bytes that claims to have 400 megapixels. */
function bomb(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(20_000, 0);
  header.writeUInt32BE(20_000, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1_000_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A GIF of few bytes: so many small frames in a screen of this size. */
async function roomyGif(width: number, height: number, frames = 1): Promise<Buffer> {
  const gif = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#7a5c3e' } })
    .gif()
    .toBuffer();
  gif.writeUInt16LE(width, 6);
  gif.writeUInt16LE(height, 8);
  // Between the table of its two colors and the last byte.
  const frame = gif.subarray(19, -1);
  return Buffer.concat([gif.subarray(0, 19), ...Array.from({ length: frames }, () => frame), gif.subarray(-1)]);
}

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>`;

/** A shop with one product, as staff see it. */
class Gallery {
  productId: string;
  constructor(
    readonly shop: Shop,
    readonly bearer: string,
  ) {}

  static async open(env: Record<string, string> = {}): Promise<Gallery> {
    const shop = await Shop.start({ env });
    const gallery = new Gallery(shop, await shop.staff('manager'));
    await shop.product({ stock: 5, handle: 'pictured' });
    gallery.productId = (await gallery.page()).id;
    return gallery;
  }

  upload(bytes: Buffer | string, fileName = 'photo.jpg') {
    const form = new FormData();
    form.set('file', new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)]), fileName);
    return this.send(form);
  }

  async send(form: FormData) {
    const response = await fetch(`${this.shop.url}/v1/admin/products/${this.productId}/images`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.bearer}` },
      body: form,
    });
    return { status: response.status, body: (await response.json()) as any };
  }

  async page(): Promise<any> {
    return (await this.shop.call('GET', '/v1/products/pictured')).body;
  }

  /** A file as the outside gets it. */
  fetch(url: string): Promise<Response> {
    return fetch(url.replace(this.shop.config.publicUrl, this.shop.url));
  }

  /** The image on the product's page, once its smaller versions are there. */
  async finished(id: string): Promise<any> {
    return this.shop.until(
      async () => (await this.page()).images.find((image: any) => image.id === id && image.renditions),
      'the smaller versions',
    );
  }
}

describe('an uploaded picture', () => {
  let gallery: Gallery;
  beforeAll(async () => {
    gallery = await Gallery.open();
  });
  afterAll(async () => {
    await gallery?.shop.stop();
  });

  it('is turned as it was meant, tells nobody where it was taken, and gets smaller versions for cards', async () => {
    const { status, body } = await gallery.upload(await photo(1200, 800), '../../etc/passwd.jpg');
    expect(status).toBe(201);
    expect(body.url).toMatch(/\/media\/[0-9a-f-]{36}\.jpg$/);
    const original = sharp(Buffer.from(await (await gallery.fetch(body.url)).arrayBuffer()));
    const { width, height, exif } = await original.metadata();
    expect([width, height, exif]).toEqual([800, 1200, undefined]);

    const image = await gallery.finished(body.id);
    expect(image).toMatchObject({ width: 800, height: 1200 });
    expect(image.renditions.map((one: any) => one.width)).toEqual([160, 480]);
    for (const { width: one, url, avifUrl } of image.renditions) {
      const sizes: number[] = [];
      for (const [address, type, format] of [
        [avifUrl, 'image/avif', 'heif'],
        [url, 'image/webp', 'webp'],
      ]) {
        const file = await gallery.fetch(address);
        expect(file.headers.get('content-type')).toBe(type);
        expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
        const bytes = Buffer.from(await file.arrayBuffer());
        const shown = await sharp(bytes).metadata();
        expect([shown.format, shown.width, shown.height]).toEqual([format, one, one * 1.5]);
        sizes.push(bytes.length);
      }
      expect(sizes[0]).toBeLessThan(sizes[1]!);
    }
    expect((await gallery.page()).thumbnail).toBe(image.renditions[1].url);
    const cards = (await gallery.shop.call('GET', '/v1/products')).body.data;
    expect(cards[0].thumbnail).toBe(image.renditions[1].url);
    expect(readdirSync(join(gallery.shop.config.dataDir, 'drafts'))).toEqual([]);
  });

  it('that is small keeps its size', async () => {
    const small = await sharp({ create: { width: 40, height: 30, channels: 4, background: '#0000' } })
      .png()
      .toBuffer();
    const image = await gallery.finished((await gallery.upload(small)).body.id);
    expect(image.renditions).toEqual([{ width: 40, url: expect.stringMatching(/-40\.webp$/) }]);
  });

  it('is refused when it would fill the memory, carries scripts, or is not what it says', async () => {
    const good = await photo(60, 40);
    const refused = async (bytes: Buffer | string, name?: string) => {
      const { status, body } = await gallery.upload(bytes, name);
      return [status, body.code];
    };
    expect(bomb().length).toBeLessThan(10_000);
    expect(await refused(bomb(), 'bomb.png')).toEqual([422, 'image_too_large']);
    expect((await roomyGif(20_000, 20_000)).length).toBeLessThan(100);
    expect(await refused(await roomyGif(20_000, 20_000), 'roomy.gif')).toEqual([422, 'image_too_large']);
    expect(await refused('GIF89a', 'head.gif')).toEqual([422, 'not_an_image']);
    expect(await refused(SVG, 'logo.png')).toEqual([422, 'not_an_image']);
    expect(await refused('GIF89a<script>alert(1)</script>', 'x.gif')).toEqual([422, 'not_an_image']);
    expect(await refused((await photo(600, 400)).subarray(0, 900))).toEqual([422, 'not_an_image']);
    expect(await refused(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), good]))).toEqual([
      422,
      'not_an_image',
    ]);
    expect(await refused('', 'nothing.png')).toEqual([422, 'not_an_image']);
    const kept = (await gallery.page()).images.length;
    expect(kept).toBe(2);
  });

  it('may be a GIF that moves, whose frames are more than a picture may have only together', async () => {
    const gif = await roomyGif(1000, 1000, 60);
    const { status, body } = await gallery.upload(gif, 'moves.gif');
    expect(status).toBe(201);
    const kept = Buffer.from(await (await gallery.fetch(body.url)).arrayBuffer());
    expect(kept.equals(gif)).toBe(true);
    expect((await sharp(kept).metadata()).pages).toBe(60);
    expect(await gallery.finished(body.id)).toMatchObject({ width: 1000, height: 1000 });
  });

  it('leaves no file behind when what comes with it is refused', async () => {
    const media = () => readdirSync(join(gallery.shop.config.dataDir, 'media')).length;
    const before = media();
    const file = () => new Blob([new Uint8Array(bytes)]);
    const bytes = await photo(60, 40);
    for (const [name, value] of [
      ['alt', 'x'.repeat(5_000)],
      ['caption', 'unknown'],
      ['file', null],
    ] as const) {
      const form = new FormData();
      form.append('file', file(), 'photo.jpg');
      if (value === null) form.append(name, file(), 'another.jpg');
      else form.append(name, value);
      expect([name, (await gallery.send(form)).status]).toEqual([name, 400]);
    }
    expect(media()).toBe(before);
  });

  it('is found under its own name only', async () => {
    for (const path of [
      '..%2f..%2fsecrets.json',
      '..%2Fsecrets.json',
      '%2e%2e/secrets.json',
      '.hidden',
      'x'.repeat(300),
    ])
      expect([path, (await fetch(`${gallery.shop.url}/media/${path}`)).status]).toEqual([path, 404]);
  });

  it('may be taken off before its smaller versions are made', async () => {
    const { body } = await gallery.upload(await photo(900, 600));
    await gallery.shop.call('DELETE', `/v1/admin/products/${gallery.productId}/images/${body.id}`, {
      bearer: gallery.bearer,
      headers: { 'If-Match': '*' },
    });
    await gallery.shop.quiet();
    const dead = await gallery.shop.db.query(`SELECT 1 FROM jobs WHERE state = 'dead'`);
    expect(dead).toEqual([]);
  });
});

describe('pictures in a bucket', () => {
  let gallery: Gallery;
  let server: S3Server;
  const folder = mkdtempSync(join(tmpdir(), 'emporium-s3-'));
  beforeAll(async () => {
    server = new S3rver({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory: folder,
      configureBuckets: [{ name: 'pictures' }],
    });
    const { port } = await server.run();
    gallery = await Gallery.open({ MEDIA_STORE: `s3://S3RVER:S3RVER@127.0.0.1:${port}/pictures?tls=0` });
  });
  afterAll(async () => {
    await gallery?.shop.stop();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are put there, and served from there', async () => {
    const { status, body } = await gallery.upload(await photo(1200, 800));
    expect(status).toBe(201);
    const image = await gallery.finished(body.id);
    for (const [url, type] of [
      [image.renditions[1].url, 'image/webp'],
      [image.renditions[1].avifUrl, 'image/avif'],
    ]) {
      const file = await gallery.fetch(url);
      expect([file.status, file.headers.get('content-type')]).toEqual([200, type]);
      expect((await file.arrayBuffer()).byteLength).toBe(Number(file.headers.get('content-length')));
    }
    expect(readdirSync(join(folder, 'pictures')).length).toBeGreaterThanOrEqual(5);
    expect((await gallery.fetch(body.url.replace(/[0-9a-f]{12}\.jpg/, '000000000000.jpg'))).status).toBe(404);
  });

  it('are not written with a key that the store does not know, and the key is not told', async () => {
    const other = await Gallery.open({
      MEDIA_STORE: gallery.shop.config.mediaStore!.replace('S3RVER:S3RVER', 'NOBODY:hidden'),
    });
    try {
      const { status, body } = await other.upload(await photo(60, 40));
      expect([status, body.code]).toEqual([503, 'media_store_unavailable']);
      expect(JSON.stringify(body)).not.toContain('hidden');
      expect((await other.page()).images).toEqual([]);
    } finally {
      await other.shop.stop();
    }
  });
});
