const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** How often a log learns that a long step is still at work. */
const REMINDER_MS = 20_000;

/** Progress for the person who waits: a moving line at a terminal, plain lines elsewhere. */
export class Terminal {
  /** @param {NodeJS.WriteStream} stream */
  constructor(stream = process.stdout) {
    this.stream = stream;
    this.isTty = Boolean(stream.isTTY) && process.env.TERM !== 'dumb';
    this.hasColor = this.isTty && !process.env.NO_COLOR;
    /** @type {{ text: string, startedAt: number } | null} */
    this.current = null;
  }

  paint(code, text) {
    return this.hasColor ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
  green(text) {
    return this.paint('32', text);
  }
  red(text) {
    return this.paint('31', text);
  }
  dim(text) {
    return this.paint('2', text);
  }
  bold(text) {
    return this.paint('1', text);
  }

  line(text = '') {
    this.#clear();
    this.stream.write(`${text}\n`);
    this.#draw();
  }

  /** Begins a step that takes a while; `done` or `failed` ends it. A step that is announced is shown at once. */
  begin(text, { announce = false } = {}) {
    this.current = { text, startedAt: performance.now() };
    if (this.isTty) {
      this.timer ??= setInterval(() => this.#draw(), 100).unref();
      this.#draw();
    } else if (announce) {
      this.stream.write(`… ${text}\n`);
      const { current } = this;
      this.timer ??= setInterval(() => {
        const elapsed = performance.now() - current.startedAt;
        this.stream.write(`… ${text}, ${duration(elapsed)} so far\n`);
      }, REMINDER_MS).unref();
    }
  }

  /** Ends the current step, or reports one of several that ran beside each other since `startedAt`. */
  done(text, startedAt) {
    const step = this.end();
    const from = startedAt ?? step?.startedAt;
    const took = from === undefined ? 0 : performance.now() - from;
    this.stream.write(`${this.green('✓')} ${text}${took >= 50 ? ` ${this.dim(`(${duration(took)})`)}` : ''}\n`);
  }

  failed(text) {
    this.end();
    this.stream.write(`${this.red('✗')} ${text}\n`);
  }

  /** A frame around lines that are not meant to be copied. */
  box(lines) {
    const width = Math.max(...lines.map((text) => text.length));
    const rule = '─'.repeat(width + 2);
    this.line(`╭${rule}╮`);
    for (const text of lines) this.line(`│ ${text.padEnd(width)} │`);
    this.line(`╰${rule}╯`);
  }

  /** Ends the current step without a word. */
  end() {
    this.#clear();
    clearInterval(this.timer);
    this.timer = undefined;
    const step = this.current;
    this.current = null;
    return step;
  }
  #clear() {
    if (this.isTty && this.current) this.stream.write('\r\u001b[2K');
  }
  #draw() {
    if (!this.isTty || !this.current) return;
    const elapsed = performance.now() - this.current.startedAt;
    const frame = SPINNER[Math.floor(elapsed / 100) % SPINNER.length];
    const time = elapsed > 1_000 ? this.dim(` ${duration(elapsed)}`) : '';
    this.stream.write(`\r\u001b[2K${frame} ${this.current.text}${time}`);
  }
}

/** 85 → "85 ms", 3456 → "3.5 s", 75000 → "1 min 15 s". */
export function duration(ms) {
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A failure with a sentence for the person at the terminal; no stack is shown. */
export class Failure extends Error {
  constructor(message, { details = '', exitCode = 1 } = {}) {
    super(message);
    this.name = 'Failure';
    this.details = details;
    this.exitCode = exitCode;
  }
}
