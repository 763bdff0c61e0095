import type { Shop } from './shop.js';

/** Imports a file of the shop's own making, or of another one, and waits for the end. */
export async function importInto(
  target: Shop,
  bearer: string,
  content: string,
  kind = 'products',
  options: Record<string, string> = {},
): Promise<any> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ kind, ...options })) form.append(name, value);
  form.append('file', new Blob([content]), 'products.csv');
  const answer = await fetch(`${target.url}/v1/admin/imports`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${bearer}` },
    body: form,
  });
  const { id } = (await answer.json()) as { id: string };
  return target.until(async () => {
    const { body } = await target.call('GET', `/v1/admin/imports/${id}`, { bearer });
    return ['completed', 'failed'].includes(body.status) && body;
  }, 'the import');
}

/** Exports and waits for the end. */
export async function finished(target: Shop, bearer: string, body: unknown): Promise<any> {
  const started = await target.call('POST', '/v1/admin/exports', { bearer, body });
  expect([started.status, started.body.status]).toEqual([202, 'queued']);
  return target.until(async () => {
    const read = await target.call('GET', started.headers.get('location')!, { bearer });
    return read.body.status === 'completed' && read.body;
  }, 'the export');
}

/** The bytes of an exported file: `fetch` would take the BOM off a text. */
export async function fileOf(target: Shop, bearer: string, body: unknown): Promise<string> {
  const { fileUrl } = await finished(target, bearer, body);
  const answer = await fetch(`${target.url}${fileUrl}`, { headers: { Authorization: `Bearer ${bearer}` } });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer()).toString();
}
