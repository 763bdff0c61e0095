import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

const COMPILER: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  sourceMap: true,
};

const read = (path: string) => ts.sys.readFile(path)!;

describe('lines of stack traces', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lines-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Compiles a text and runs it in a process of its own, with what is tested switched on first. */
  function stackOf(source: string, withMap = true): string {
    const tested = ts.transpileModule(read(join(import.meta.dirname, 'source-lines.ts')), {
      compilerOptions: COMPILER,
    });
    writeFileSync(join(folder, 'source-lines.mjs'), tested.outputText);
    const { outputText, sourceMapText } = ts.transpileModule(source, {
      compilerOptions: COMPILER,
      fileName: 'shop.ts',
    });
    writeFileSync(join(folder, 'shop.mjs'), outputText);
    if (withMap) writeFileSync(join(folder, 'shop.mjs.map'), sourceMapText!);
    const main = `import { nameSourceLines } from './source-lines.mjs';
      nameSourceLines(${JSON.stringify(`${pathToFileURL(folder).href}/`)});
      const { fail } = await import('./shop.mjs');
      try { fail(); } catch (error) { console.log(error.stack); }`;
    writeFileSync(join(folder, 'main.mjs'), main);
    return execFileSync(process.execPath, [join(folder, 'main.mjs')], { encoding: 'utf8' });
  }

  const SHOP = `interface Gone {\n  after: number;\n  compiling: string;\n}\n\nexport function fail(gone?: Gone): never {\n  throw new TypeError('sold out');\n}\n`;

  it('are those of the source', () => {
    const stack = stackOf(SHOP);
    expect(stack).toContain('TypeError: sold out');
    expect(stack).toMatch(/at fail \(.*\/shop\.ts:7:9\)/);
  });

  it('are those of what was compiled where there is no map', () => {
    expect(stackOf(SHOP, false)).toMatch(/at fail \(file:.*\/shop\.mjs:2:11\)/);
  });

  it('stand for errors of any kind', () => {
    const odd = `export function fail() {\n  const error = new Error('x');\n  error.toString = () => { throw new Error('no'); };\n  throw error;\n}\n`;
    expect(stackOf(odd)).toMatch(/^Error\n {4}at fail \(.*\/shop\.ts:2:\d+\)/);
  });
});
