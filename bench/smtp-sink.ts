import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A mail server that takes every mail and only counts them. As others do, it takes the commands of a mail in one packet (RFC 2920). */
export class SmtpSink {
  received = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((socket) => this.serve(socket));

  /** Returns the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let text = '';
    let inMail = false;
    socket.setEncoding('latin1').write('220 sink ESMTP\r\n');
    socket.on('data', (chunk: string) => {
      text += chunk;
      // What came together is answered together.
      socket.cork();
      for (let end = next(text, inMail); end >= 0; end = next(text, inMail)) {
        const line = text.slice(0, end);
        text = text.slice(end);
        if (inMail) {
          inMail = false;
          this.received += 1;
          socket.write('250 taken\r\n');
        } else if (/^DATA\r\n/i.test(line)) {
          inMail = true;
          socket.write('354 go on\r\n');
        } else if (/^EHLO /i.test(line)) {
          socket.write('250-sink\r\n250 PIPELINING\r\n');
        } else if (/^QUIT\r\n/i.test(line)) {
          socket.end('221 bye\r\n');
        } else {
          socket.write('250 ok\r\n');
        }
      }
      socket.uncork();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}

/** Where the command, or inside a mail the whole mail, ends; -1 when it is not all there. */
function next(text: string, inMail: boolean): number {
  const mark = inMail ? '\r\n.\r\n' : '\r\n';
  const at = text.indexOf(mark);
  return at < 0 ? -1 : at + mark.length;
}
