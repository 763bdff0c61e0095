import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './cruise.js';

/** Where money and orders change. */
const FOLDERS = ['checkout', 'orders', 'payments'];
/** Statements of their own that may be lost: how often something was looked at, and how far a report is. */
const MAY_BE_LOST = /SET updated_at = now\(\) WHERE|reconciliation|this\.reports\.create\(/;
/** What others do with a `db` that they are handed, by the name of it. */
const READS = /^(?:find|get|count|list|read)/;

const COMMIT = /failpoint\('commit\.[a-z_]+'\)/;
const WRITES = /^[`'"]\s*(?:INSERT|UPDATE|DELETE|WITH\b.*\b(?:INSERT INTO|UPDATE|DELETE FROM)\s)/s;

/** Places of the source that commit without a failpoint before it, as `line: what is there`. Who is handed `this.db` may write with it. */
function unguarded(source: string): string[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const methods = new Map<string, string>();
  const found: string[] = [];
  const walk = (node: ts.Node, visit: (node: ts.Node) => void): void => {
    visit(node);
    ts.forEachChild(node, (child) => walk(child, visit));
  };
  walk(file, (node) => {
    if (ts.isMethodDeclaration(node)) methods.set(node.name.getText(), node.getText());
  });
  /** The text, with that of the methods of the same class which it calls. */
  const withMethods = (text: string) =>
    [text, ...[...text.matchAll(/this\.(\w+)\(/g)].map(([, name]) => methods.get(name!) ?? '')].join('\n');
  walk(file, (node) => {
    if (!ts.isCallExpression(node)) return;
    const { expression: callee } = node;
    const [of, name] = ts.isPropertyAccessExpression(callee)
      ? [callee.expression.getText(), callee.name.text]
      : ['', callee.getText()];
    const [first] = node.arguments;
    const isTransaction = name === 'transaction';
    const isWrite = name === 'query' && of === 'this.db' && WRITES.test(first?.getText() ?? '');
    const isHanded = node.arguments.some((argument) => argument.getText() === 'this.db') && !READS.test(name);
    if (!isTransaction && !((isWrite || isHanded) && !MAY_BE_LOST.test(node.getText()))) return;
    let around: ts.Node = node;
    while (!isTransaction && !ts.isMethodDeclaration(around) && !ts.isSourceFile(around)) around = around.parent;
    if (COMMIT.test(withMethods(around.getText()))) return;
    found.push(`${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText().slice(0, 60)}`);
  });
  return found;
}

/** What a crash between the work and its commit does to money and orders is tried at each of these places. */
describe('Failpoints', () => {
  it('stand before every commit of money and orders', () => {
    const missing = FOLDERS.flatMap((folder) =>
      readdirSync(join(ROOT, 'src/modules', folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
        .flatMap((path) => {
          const where = join('src/modules', folder, path);
          return unguarded(readFileSync(join(ROOT, where), 'utf8')).map((what) => `${where}:${what}`);
        }),
    );
    expect(missing).toEqual([]);
  });

  it.each([
    ['a transaction', 'class A { b() { return this.db.transaction((tx) => tx.query(`UPDATE a`)); } }'],
    ['a statement of its own', 'class A { b() { return this.db.query(`UPDATE payments SET status = 1`); } }'],
    ['a statement of somebody who is handed the db', 'class A { b() { return this.rows.save(this.db, 1); } }'],
    ['a job', 'class A { b() { return enqueue(this.db, Job, `1`, {}); } }'],
    ['a failpoint behind it', `class A { b() { this.db.transaction(() => 1); failpoint('commit.a'); } }`],
  ])('are missed: %s', (_name, source) => {
    expect(unguarded(source)).toHaveLength(1);
  });

  it('are seen in the transaction and in the method that it calls', () => {
    const source = `class A {
      b() { return this.db.transaction((tx) => this.c(tx)); }
      c(tx) { failpoint('commit.a'); }
      d() { return this.db.transaction(async () => { failpoint('commit.d'); }); }
      e() { return this.db.query(\`SELECT 1\`); }
      f() { return this.rows.findAll(this.db, 1); }
      g() { failpoint('commit.g'); return this.rows.save(this.db, 1); }
    }`;
    expect(unguarded(source)).toEqual([]);
  });
});
