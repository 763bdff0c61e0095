import { connect, type Socket } from 'node:net';

/** An answer. Its body becomes text when somebody asks for it: most journeys only look at the status. */
export class Answer {
  constructor(
    readonly status: number,
    private readonly content: Buffer,
  ) {}

  get body(): string {
    return this.content.toString('utf8');
  }

  /** What stands behind each occurrence of a mark, up to the next quotation mark: to parse all of an answer would take longer than to send for it. */
  texts(mark: string): string[] {
    const found: string[] = [];
    for (let at = this.content.indexOf(mark); at >= 0; at = this.content.indexOf(mark, at)) {
      const from = at + mark.length;
      at = this.content.indexOf('"', from);
      found.push(this.content.toString('latin1', from, at));
    }
    return found;
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One keep-alive HTTP/1.1 connection that sends one request after the other. It understands just what is needed
 * (Content-Length and chunked bodies), so that the client takes little of the processor that it shares with the servers.
 */
export class Connection {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {
    // Bytes come into one buffer, without the stream around it.
    const onread = {
      buffer: Buffer.allocUnsafe(65_536),
      callback: (size: number, bytes: Uint8Array) => {
        this.receive(Buffer.from(bytes.subarray(0, size)));
        return true;
      },
    };
    this.socket = connect({ host, port, noDelay: true, onread });
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('the server closed the connection')));
  }

  /** Sends a request and waits for its answer. `headers` are whole lines, each ended by CRLF. */
  request(method: string, path: string, headers = '', body?: string): Promise<Answer> {
    const content =
      body === undefined
        ? '\r\n'
        : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    const text = `${method} ${path} HTTP/1.1\r\nHost: ${this.host}:${this.port}\r\nAccept: application/json\r\n${headers}${content}`;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(text);
    });
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = undefined;
  }

  private receive(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const answer = readAnswer(this.received);
    if (!answer) return;
    this.received = Buffer.alloc(0);
    const waiting = this.waiting;
    this.waiting = undefined;
    waiting?.resolve(answer);
  }
}

/** The answer that the bytes hold, or null when they do not hold all of it yet. */
export function readAnswer(bytes: Buffer): Answer | null {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const start = headEnd + HEAD_END.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length) {
    const end = start + Number(length[1]);
    return bytes.length < end ? null : new Answer(status, bytes.subarray(start, end));
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return readChunks(bytes, start, status);
  return new Answer(status, Buffer.alloc(0));
}

function readChunks(bytes: Buffer, start: number, status: number): Answer | null {
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return null;
    if (size === 0) return new Answer(status, Buffer.concat(parts));
    parts.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
