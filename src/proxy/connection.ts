// One connection of a client: the requests in flight on it, whether it stalls, and how it ends after something that is not a request.
// Pipelined requests are parsed ahead, so a fault may come while earlier answers are still due: they go first, then the refusal.
import type { Socket } from 'node:net';
import type { NodeClient } from './node-client.ts';
import { lags, type Turn, type Window } from './pace.ts';
import { refusalBytes } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** What whoever watches all connections asks of each. */
export interface ClientConnection {
  /** To be called once a window: whether the client, whose turn it was, moved too little in it. */
  lags(window: Window): boolean;
  /** Ends it with the answers that are due; at once where none is. */
  endAfterAnswers(): void;
  destroy(): void;
}

export class Connection implements ClientConnection {
  readonly #socket: Socket;
  readonly #clients = new Set<NodeClient>();
  /** Written when the answers that are due have gone. */
  #refusal: Refusal | undefined;
  #deaf = false;
  /** Requests that came and are not believed. */
  #ignored = 0;
  #ending = false;
  /** At the last look. */
  #turns = NO_TURNS;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => this.#abandon());
  }

  get idle(): boolean {
    return this.#clients.size === 0;
  }

  /** No further request that comes on it is believed. */
  get deaf(): boolean {
    return this.#deaf;
  }

  /** Whether a fault in what comes is one of something that is waited for: another request, or the rest of a body whose request is not answered. */
  get listens(): boolean {
    return !this.#deaf || [...this.#clients].some((client) => client.owesBody);
  }

  /** Whether so many of its requests wait for their answers. Those that have theirs cost little, and node:http reads no further when they pile up. */
  isOwed(answers: number): boolean {
    return this.#clients.size >= answers && [...this.#clients].filter((client) => client.owed).length >= answers;
  }

  /** One more request came that nobody will answer. False: it is one too many, and the connection was cut, since node:http keeps something of each. */
  ignore(most: number): boolean {
    if (++this.#ignored <= most || this.#socket.destroyed) return true;
    this.destroy();
    return false;
  }

  /** No request came behind its. */
  isLast(client: NodeClient): boolean {
    return [...this.#clients].at(-1) === client;
  }

  add(client: NodeClient): void {
    this.#clients.add(client);
  }

  finished(client: NodeClient): void {
    this.#clients.delete(client);
    if (!this.idle) return;
    if (this.#refusal !== undefined) this.#write(this.#refusal);
    else if (this.#ending || this.#deaf) this.#socket.destroySoon();
  }

  endAfterAnswers(): void {
    this.#ending = true;
    if (this.idle) this.#socket.destroySoon();
  }

  /** The requests that are in flight are its last. */
  hearNoMore(): void {
    this.#deaf = true;
  }

  /** What came is not a request, or not the rest of one. */
  refuse(refusal: Refusal): void {
    this.#deaf = true;
    for (const client of this.#clients) {
      if (!client.owesBody) continue;
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

  /**
   * Which limit it has met now that nothing moved on the socket: none where that is not the client's fault, which owes a body, or takes no byte of its
   * answer. Of a pipelined answer it can take none while the one in front is not through, and both may be readers of one relay that waits for the second.
   */
  get outstayed(): 'limits.idle_timeout' | 'limits.stall_timeout' | undefined {
    // One that has never been answered is not kept alive.
    if (this.idle) return this.#socket.bytesWritten > 0 ? 'limits.idle_timeout' : 'limits.stall_timeout';
    if (this.#socket.writableLength > 0) return 'limits.stall_timeout';
    for (const client of this.#clients) if (client.sending !== undefined || client.awaitsDrain) return 'limits.stall_timeout';
    return undefined;
  }

  lags(window: Window): boolean {
    const before = this.#turns;
    this.#turns = this.idle ? NO_TURNS : this.#turnsNow();
    return lags(before, this.#turns, window);
  }

  #turnsNow(): readonly Turn[] {
    const [due] = this.#clients;
    const taken = takenBytes(this.#socket);
    const turns = [taken === undefined ? undefined : due?.taking(taken), ...Array.from(this.#clients, (client) => client.sending)];
    return turns.filter((turn) => turn !== undefined);
  }

  destroy(): void {
    this.#abandon();
    this.#socket.destroy();
  }

  #abandon(): void {
    const abandoned = [...this.#clients];
    this.#clients.clear();
    for (const client of abandoned) client.leave();
  }

  #write(refusal: Refusal): void {
    if (this.#socket.writable) this.#socket.write(refusalBytes(refusal, new Date()));
    this.#socket.destroySoon();
  }
}

const NO_TURNS: readonly Turn[] = [];

/**
 * What the kernel has taken of all that was written. The cast: of one large write node:net tells only when it is over, and its handle, which it keeps
 * for itself, how far it is. Undefined where there is no such handle: then nobody is too slow.
 */
export function takenBytes(socket: Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { readonly bytesWritten?: number; readonly writeQueueSize?: number } | null };
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined) return undefined;
  return handle.bytesWritten - handle.writeQueueSize;
}
