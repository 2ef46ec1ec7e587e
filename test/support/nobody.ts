// A port that refuses connections, and goes on doing so: it belongs to an open connection of this process, so nobody else is given it meanwhile.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class NobodyListens implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #holder: Socket;

  static async start(): Promise<NobodyListens> {
    const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const holder = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(holder, 'connect');
    return new NobodyListens(server, holder);
  }

  private constructor(server: Server, holder: Socket) {
    this.#server = server;
    this.#holder = holder;
    this.port = holder.localPort ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
