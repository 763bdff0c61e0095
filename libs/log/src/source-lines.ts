import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Lets stack traces name the lines of the TypeScript sources. The map of a file is read when an error of it is first looked at;
 * `--enable-source-maps` reads the 4,000 maps of all libraries too, and keeps them: a second of every start, and 20 MB.
 * @param root `file:` address of the folder whose files have a map beside them, with a slash at its end
 */
export function nameSourceLines(root: string): void {
  const maps = new Map<string, SourceMap | null>();
  Error.prepareStackTrace = (error, sites) =>
    [headOf(error), ...sites.map((site) => `    at ${named(site, root, maps)}`)].join('\n');
}

function headOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}

function named(
  site: NodeJS.CallSite & { toString(): string },
  root: string,
  maps: Map<string, SourceMap | null>,
): string {
  const text = site.toString();
  const file = site.getFileName();
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  if (!file?.startsWith(root) || line === null || column === null) return text;
  const source = mapOf(file, maps)?.findEntry(line - 1, column - 1);
  if (!source || !('originalSource' in source)) return text;
  const path = fileURLToPath(new URL(source.originalSource, file));
  return text.replace(`${file}:${line}:${column}`, `${path}:${source.originalLine + 1}:${source.originalColumn + 1}`);
}

function mapOf(file: string, maps: Map<string, SourceMap | null>): SourceMap | null {
  const known = maps.get(file);
  if (known !== undefined) return known;
  let map: SourceMap | null = null;
  try {
    map = new SourceMap(JSON.parse(readFileSync(new URL(`${file}.map`), 'utf8')) as SourceMapPayload);
  } catch {
    // Without its map, the line of what was compiled is told.
  }
  maps.set(file, map);
  return map;
}
