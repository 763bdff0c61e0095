import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { AwsClient } from 'aws4fetch';
import { assertName, ObjectStore, type StoredObject } from './object-store.js';

const DEADLINE_MS = 20_000;

/** Keeps files in a bucket of any store that speaks the language of Amazon S3. */
export class BucketStore extends ObjectStore {
  private readonly client: AwsClient;
  private readonly base: string;

  /**
   * @param url `s3://key:secret@host[:port]/bucket[/folder]?region=eu-central-1&tls=0`: the keys in percent encoding where they
   * have other characters than letters and digits; `tls=0` for a store on a private network without HTTPS
   */
  constructor(url: URL) {
    super();
    const scheme = url.searchParams.get('tls') === '0' ? 'http' : 'https';
    this.base = `${scheme}://${url.host}${url.pathname.replace(/\/+$/, '')}`;
    this.client = new AwsClient({
      accessKeyId: decodeURIComponent(url.username),
      secretAccessKey: decodeURIComponent(url.password),
      region: url.searchParams.get('region') ?? 'us-east-1',
      service: 's3',
      retries: 2,
    });
  }

  async put(name: string, path: string, contentType: string): Promise<void> {
    const body = await readFile(path);
    const response = await this.send('PUT', name, {
      body,
      headers: { 'Content-Type': contentType, 'Cache-Control': 'public, max-age=31536000, immutable' },
    });
    await expectOk(response);
  }

  async get(name: string): Promise<StoredObject | null> {
    const response = await this.send('GET', name);
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    if (!response.ok) await expectOk(response);
    // Read whole: the store is quick, those who look at pictures need not be, and a picture fits into memory.
    const bytes = Buffer.from(await response.arrayBuffer());
    return { size: bytes.length, stream: () => Readable.from([bytes]) };
  }

  async delete(name: string): Promise<void> {
    const response = await this.send('DELETE', name);
    if (response.status !== 404) await expectOk(response);
  }

  private send(method: string, name: string, init: { body?: Buffer; headers?: Record<string, string> } = {}) {
    assertName(name);
    return this.client.fetch(`${this.base}/${name}`, {
      method,
      signal: AbortSignal.timeout(DEADLINE_MS),
      ...(init.headers ? { headers: init.headers } : {}),
      ...(init.body ? { body: new Uint8Array(init.body) } : {}),
    });
  }
}

/** @throws Error with the status and the code that the store gave, never with what was signed */
async function expectOk(response: Response): Promise<void> {
  const text = await response.text();
  if (response.ok) return;
  const code = /<Code>(\w{1,60})<\/Code>/.exec(text)?.[1] ?? 'no code';
  throw new Error(`the file store answered ${response.status} (${code})`);
}
