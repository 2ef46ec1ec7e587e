// One connection of a client: the requests in flight on it, whether it stalls, and how it ends after something that is not a request.
// Pipelined requests are parsed ahead, so a fault may come while earlier answers are still due: they go first, then the refusal.
import type { Socket } from 'node:net';
import type { NodeClient } from './node-client.ts';
import { refusalBytes } from './refusal.ts';
import type { Refusal } from './refusal.ts';

export class Connection {
  readonly #socket: Socket;
  readonly #clients = new Set<NodeClient>();
  #refusal: Refusal | undefined;
  #closing = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const client of this.#clients) client.leave();
      this.#clients.clear();
    });
  }

  get idle(): boolean {
    return this.#clients.size === 0;
  }

  /** No further request is taken from it, and its current answer is its last. */
  get closing(): boolean {
    return this.#closing;
  }

  add(client: NodeClient): void {
    this.#clients.add(client);
  }

  finished(client: NodeClient): void {
    this.#clients.delete(client);
    if (!this.idle) return;
    if (this.#refusal !== undefined) this.#write(this.#refusal);
    else if (this.#closing) this.#socket.destroySoon();
  }

  /** Ends it with the answers that are due; at once where none is. */
  endAfterAnswers(): void {
    this.#closing = true;
    if (this.idle) this.#socket.destroySoon();
  }

  /** What came is not a request, or not the rest of one. */
  refuse(refusal: Refusal): void {
    this.#closing = true;
    for (const client of this.#clients) {
      if (client.requestComplete) continue;
      this.#clients.delete(client);
      const cut = client.headSent;
      client.leave();
      if (cut) {
        this.#socket.destroy();
        return;
      }
    }
    if (this.idle) this.#write(refusal);
    else this.#refusal = refusal;
  }

  /** Whether it is the client's fault that nothing moved on the socket: it owes a body, or takes no byte of its answer. */
  get stalled(): boolean {
    if (this.idle || this.#socket.writableLength > 0) return true;
    for (const client of this.#clients) if (client.owesBody) return true;
    return false;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(refusal: Refusal): void {
    if (this.#socket.writable) this.#socket.write(refusalBytes(refusal, new Date()));
    this.#socket.destroySoon();
  }
}
