/**
 * The Content-Disposition of a file that a browser shall save, never show: RFC 6266, with a plain name for old readers and
 * the real one behind it. Nothing of the name can end the header.
 */
export function attachment(fileName: string): string {
  const plain = fileName.replace(/[^\w .()-]/g, '_');
  const encoded = encodeURIComponent(fileName.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

const MAX_NAME = 255;

/** The name of an uploaded file for people: no folders, nothing that cannot be shown or stored. */
export function fileNameOf(name: string | undefined, otherwise: string): string {
  const base = (name ?? '').split(/[\\/]/).at(-1)!;
  const shown = base.replace(/\p{C}/gu, '').toWellFormed().slice(0, MAX_NAME).trim();
  return shown === '' || /^\.+$/.test(shown) ? otherwise : shown;
}
