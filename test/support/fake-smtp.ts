import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** As much of an SMTP server (RFC 5321) as it takes to receive mail. It refuses `nobody@…` for good, and `busy@…` for now. */
export class FakeSmtp {
  readonly messages: string[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeSmtp> {
    const server = createServer();
    const smtp = new FakeSmtp(server);
    server.on('connection', (socket) => smtp.serve(socket));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return smtp;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setEncoding('utf8');
    let pending = '';
    let isData = false;
    socket.write('220 test\r\n');
    socket.on('data', (chunk: string) => {
      pending += chunk;
      for (;;) {
        const end = pending.indexOf(isData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const text = pending.slice(0, end);
        pending = pending.slice(end + (isData ? 5 : 2));
        if (isData) {
          isData = false;
          this.messages.push(`${text}\r\n`);
          socket.write('250 taken\r\n');
        } else {
          socket.write(this.answer(text));
          isData = text.toUpperCase() === 'DATA';
        }
      }
    });
  }

  private answer(command: string): string {
    if (/^RCPT TO:<nobody/i.test(command)) return '550 no such user\r\n';
    if (/^RCPT TO:<busy/i.test(command)) return '451 try again later\r\n';
    if (/^DATA/i.test(command)) return '354 go on\r\n';
    if (/^QUIT/i.test(command)) return '221 bye\r\n';
    return '250 ok\r\n';
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }
}
