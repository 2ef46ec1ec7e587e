// An origin that answers each path with exact bytes and goes: no connection is used twice, so no request is sent twice by itself.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface Cut {
  readonly bytes: string;
  readonly end: 'fin' | 'reset';
}

export class CuttingOrigin implements AsyncDisposable {
  readonly #answers = new Map<string, Cut>();
  readonly #asked = new Map<string, number>();
  readonly #server: Server = createServer({ noDelay: true }, (socket) => this.#serve(socket));

  static async start(): Promise<CuttingOrigin> {
    const origin = new CuttingOrigin();
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  on(path: string, answer: Cut): void {
    this.#answers.set(path, answer);
  }

  asked(path: string): number {
    return this.#asked.get(path) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const path = head.split(' ')[1] ?? '';
      head = '';
      this.#asked.set(path, this.asked(path) + 1);
      this.#answer(socket, this.#answers.get(path) ?? { bytes: '', end: 'fin' });
    });
  }

  #answer(socket: Socket, { bytes, end }: Cut): void {
    const raw = Buffer.from(bytes, 'latin1');
    if (end === 'fin') socket.end(raw);
    else if (raw.length === 0) socket.resetAndDestroy();
    // Later, since a reset overtakes what has not been read before it.
    else socket.write(raw, () => setImmediate(() => setImmediate(() => socket.resetAndDestroy())));
  }
}
