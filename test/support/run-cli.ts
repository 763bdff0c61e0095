import { Writable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.js';
import { Terminal } from '../../src/cli/terminal.js';

/** What a command left behind. */
export interface CliResult {
  code: number;
  out: string;
  err: string;
}

/** Runs `npm run shop -- …` in this process, with these settings. */
export async function shopCommand(env: Record<string, string>, ...args: string[]): Promise<CliResult> {
  const [out, err] = [new Sink(), new Sink()];
  const code = await runCli(args, new Terminal(out, err), { NODE_ENV: 'test', LOG_LEVEL: 'silent', ...env });
  return { code, out: out.text, err: err.text };
}

class Sink extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
