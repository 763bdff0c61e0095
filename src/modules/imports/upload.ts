import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type FieldError, PayloadTooLarge, UnsupportedMediaType, ValidationFailed } from '#libs/errors';
import { fileNameOf, type Request } from '#libs/http';
import { isCurrency } from '#libs/money';
import { IMPORT_KINDS, type ImportKind } from './import-state.js';

/** An uploaded file on this machine's disk, with the fields that came with it. */
export interface Upload {
  fileName: string;
  bytes: number;
  /** In pieces of 256 KB. */
  open(): AsyncIterable<Uint8Array>;
  fields: UploadFields;
}

/** What to do with the file. */
export interface UploadFields {
  kind: ImportKind;
  dryRun: boolean;
  stock: 'keep' | 'set';
  /** undefined: the shop's. */
  currency: string | undefined;
}

const CHUNK_BYTES = 256 * 1024;

const isKind = (text: string | undefined): text is ImportKind => IMPORT_KINDS.some((kind) => kind === text);

const FIELDS: Record<string, { isValid: (value: string) => boolean; rule: string }> = {
  kind: { isValid: (value) => isKind(value), rule: `must be one of ${IMPORT_KINDS.join(', ')}` },
  dryRun: { isValid: (value) => /^(true|false)$/.test(value), rule: 'must be true or false' },
  stock: { isValid: (value) => /^(keep|set)$/.test(value), rule: 'must be keep or set' },
  currency: { isValid: isCurrency, rule: 'must be an ISO 4217 currency code such as USD' },
};

/**
 * Receives a multipart upload into a temporary file, so that a slow sender holds neither memory nor a connection to the
 * database, hands it to `use`, and deletes it.
 * @throws unsupported_media_type, payload_too_large, validation_failed
 */
export async function withUpload<T>(request: Request, use: (upload: Upload) => Promise<T>): Promise<T> {
  if (!request.isMultipart()) throw UnsupportedMediaType({ detail: 'Send the file as multipart/form-data.' });
  const folder = await mkdtemp(join(tmpdir(), 'emporium-upload-'));
  const path = join(folder, 'file');
  try {
    const values = new Map<string, string>();
    let fileName: string | undefined;
    for await (const part of request.parts()) {
      if (part.type === 'file') {
        await pipeline(part.file, createWriteStream(path));
        if (part.file.truncated) throw PayloadTooLarge({ detail: 'A file may have up to 20 MB.' });
        if (part.fieldname !== 'file') throw invalid([unknownField(part.fieldname)]);
        fileName = fileNameOf(part.filename, 'products.csv');
      } else {
        values.set(part.fieldname, typeof part.value === 'string' ? part.value : '');
      }
    }
    const fields = checkFields(values, fileName !== undefined);
    const { size } = await stat(path);
    return await use({
      fileName: fileName!,
      bytes: size,
      open: () => createReadStream(path, { highWaterMark: CHUNK_BYTES }),
      fields,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function checkFields(values: Map<string, string>, hasFile: boolean): UploadFields {
  const errors: FieldError[] = [];
  if (!hasFile) errors.push({ pointer: '/file', code: 'missing', detail: 'must be a file' });
  for (const [name, value] of values) {
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (!field) errors.push(unknownField(name));
    else if (value !== '' && !field.isValid(value)) {
      errors.push({ pointer: `/${name}`, code: 'invalid_value', detail: field.rule });
    }
  }
  if (errors.length > 0) throw invalid(errors);
  const kind = values.get('kind');
  return {
    kind: isKind(kind) ? kind : 'products',
    dryRun: values.get('dryRun') === 'true',
    stock: values.get('stock') === 'set' ? 'set' : 'keep',
    currency: values.get('currency') || undefined,
  };
}

const unknownField = (name: string): FieldError => ({
  pointer: `/${name.slice(0, 100)}`,
  code: 'unknown_field',
  detail: 'there is no such field',
});

const invalid = (errors: FieldError[]) => ValidationFailed({ errors });
