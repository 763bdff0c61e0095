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
