// A client's connection for a differential run: bytes out, and all that came as text.
import { connect, type Socket } from 'node:net';
import type { Address } from '../support/client.ts';

export class Wire {
  /** Since the last `forget`; characters are bytes. */
  received = '';
  closed = false;
  readonly #socket: Socket;
  #moved: () => void;

  /** `moved` is called whenever something came, or the connection closed. */
  static async connect({ host, port }: Address, moved: () => void): Promise<Wire> {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return new Wire(socket, moved);
  }

  private constructor(socket: Socket, moved: () => void) {
    this.#socket = socket;
    this.#moved = moved;
    socket.setEncoding('latin1').on('data', (chunk) => {
      this.received += chunk;
      this.#moved();
    });
    socket
      .on('error', () => this.#close())
      .on('end', () => this.#close())
      .on('close', () => this.#close());
  }

  forget(): void {
    this.received = '';
  }

  send(text: string): void {
    if (this.#socket.writable) this.#socket.write(text, 'latin1');
  }

  /** Nothing more will be sent. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.closed = true;
    this.#socket.destroy();
  }

  #close(): void {
    this.closed = true;
    this.#socket.end();
    this.#moved();
  }
}
