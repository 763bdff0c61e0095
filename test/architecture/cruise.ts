import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = join(import.meta.dirname, '..', '..');
const CRUISER = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
const RULES = join(ROOT, '.dependency-cruiser.mjs');

/** What each part may import of its kind. */
export type Graph = Readonly<Record<string, readonly string[]>>;

export interface Cruised {
  modules: { source: string; dependencies: { resolved: string }[] }[];
  /** `rule: file`, sorted. */
  broken: string[];
}

/** Runs dependency-cruiser with the rules of the house in a folder that is laid out like the house. */
export async function cruise(folder: string): Promise<Cruised> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CRUISER, '--config', RULES, '--output-type', 'json', 'src', 'libs'],
    { cwd: folder, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const { modules, summary } = JSON.parse(stdout) as {
    modules: Cruised['modules'];
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  return { modules, broken: summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort() };
}

/** The declared graph, and the names of all rules that are made of it and beside it. */
export async function declared(): Promise<{ modules: Graph; libs: Graph; rules: string[] }> {
  const load = async (path: string) => (await import(pathToFileURL(join(ROOT, path)).href)) as Record<string, unknown>;
  const { MODULES, LIBS } = (await load('src/modules/graph.mjs')) as { MODULES: Graph; LIBS: Graph };
  const { forbidden } = (await load('.dependency-cruiser.mjs')).default as { forbidden: { name: string }[] };
  return { modules: MODULES, libs: LIBS, rules: forbidden.map(({ name }) => name) };
}

/** Who really imports whom, of the folders below `parent`. */
export function importsBetween({ modules }: Cruised, parent: string): Record<string, string[]> {
  const ownerOf = (path: string) =>
    path.startsWith(`${parent}/`) ? path.split('/')[parent.split('/').length] : undefined;
  const found = new Map<string, Set<string>>();
  for (const { source, dependencies } of modules) {
    const owner = ownerOf(source);
    if (!owner || source === `${parent}/${owner}` || source.endsWith('.spec.ts')) continue;
    const used = found.get(owner) ?? found.set(owner, new Set()).get(owner)!;
    for (const { resolved } of dependencies) {
      const other = ownerOf(resolved);
      if (other && other !== owner) used.add(other);
    }
  }
  return Object.fromEntries([...found].map(([owner, used]) => [owner, [...used].sort()]));
}

/** Files that read the environment although settings come from src/config alone; entry points of libs may. */
export function environmentReaders(folder: string): string[] {
  const MAY = /^(?:src\/config\/|libs\/[^/]+\/src\/main\.ts$)|\.spec\.ts$/;
  const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return ['src', 'libs']
    .flatMap((top) => readdirSync(join(folder, top), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !MAY.test(path))
    .filter((path) =>
      /process\.env\b|process\[|\benv\b[^;]*from 'node:process'/.test(
        withoutComments(readFileSync(join(folder, path), 'utf8')),
      ),
    )
    .sort();
}
