import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { generate } from './docs-parts.mjs';
import { prepare, ROOT } from './project.mjs';
import { Failure, Terminal } from './terminal.mjs';

/** Writes the generated documentation, or with `check` compares it; ends the process with 1 when something is stale. */
export async function writeDocs(check) {
  const terminal = new Terminal();
  try {
    await prepare(terminal);
    const { files, parts } = await generate();
    const wanted = new Map(Object.entries(files));
    for (const [file, byName] of Object.entries(parts)) {
      wanted.set(file, withParts(file, readFileSync(join(ROOT, file), 'utf8'), byName));
    }
    const stale = [];
    for (const [file, raw] of wanted) {
      const path = join(ROOT, file);
      const text = file.endsWith('.md') ? await pretty(path, raw) : raw;
      if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
      stale.push(file);
      if (!check) writeFileSync(path, text);
    }
    if (stale.length === 0) terminal.done(`The documentation says what the code says (${wanted.size} files)`);
    else if (check) throw new Failure(`Stale: ${stale.join(', ')}. Run: npm run docs`);
    else for (const file of stale) terminal.done(`Wrote ${file}`);
    process.exit(0);
  } catch (error) {
    terminal.failed(error instanceof Failure ? error.message : error.stack);
    if (error.details) terminal.line(error.details);
    process.exit(1);
  }
}

async function pretty(path, text) {
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}

/** The text with what stands between `<!-- name:begin … -->` and `<!-- name:end -->` replaced. */
function withParts(file, text, byName) {
  let result = text;
  for (const [name, part] of Object.entries(byName)) {
    const pattern = new RegExp(`(<!-- ${name}:begin[^>]*-->\\n)[\\s\\S]*?(<!-- ${name}:end -->)`);
    if (!pattern.test(result))
      throw new Failure(`${file} lacks the lines <!-- ${name}:begin --> and <!-- ${name}:end -->.`);
    result = result.replace(pattern, (_all, begin, end) => `${begin}\n${part}\n\n${end}`);
  }
  return result;
}
