// A client that takes as much of its answer as it is told to, and nothing before: a slow reader, without clocks.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Address } from './client.ts';

/** Counts what came, and lets a test wait for it. */
export class Arrivals {
  bytes = 0;
  #wake: () => void = () => undefined;

  add(chunk: Buffer | string): void {
    this.bytes += chunk.length;
    this.#wake();
  }

  /** That no more will come. */
  end(): void {
    this.bytes = Number.POSITIVE_INFINITY;
    this.#wake();
  }

  async until(bytes: number): Promise<void> {
    while (this.bytes < bytes) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

export class Taker implements AsyncDisposable {
  readonly socket: Socket;
  readonly #arrivals = new Arrivals();

  static async connect({ host, port }: Address, request: string): Promise<Taker> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    socket.write(request);
    return new Taker(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => this.#arrivals.add(chunk))
      .on('close', () => this.#arrivals.end());
    socket.pause();
  }

  /** Resolves when so many more have come, or none will. */
  async take(bytes: number): Promise<void> {
    const wanted = this.#arrivals.bytes + bytes;
    if (bytes > 0) this.socket.resume();
    await this.#arrivals.until(wanted);
    this.socket.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once('close', resolve).destroy());
  }
}
