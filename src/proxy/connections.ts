// The open connections of clients: which of them may stay, and how they end.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LimitConfig } from '../config/config.ts';
import { Admission, type AdmissionParts } from './admission.ts';
import { type ClientConnection, Connection } from './connection.ts';

/** Of a window: a client that had the turn for all of it but this part is judged by it. */
const REST_SHARE = 10;

export class Connections {
  readonly #parts: AdmissionParts;
  readonly #admission: Admission;
  readonly #open = new Map<Duplex, ClientConnection>();
  #limits: LimitConfig;

  constructor(limits: LimitConfig, parts: AdmissionParts) {
    this.#parts = parts;
    this.#admission = new Admission(parts);
    this.#limits = limits;
  }

  /** Tunnels are not among them. */
  get size(): number {
    return this.#open.size;
  }

  /** That of a socket which node:http reads. */
  of(socket: Duplex): Connection | undefined {
    const connection = this.#open.get(socket);
    return connection instanceof Connection ? connection : undefined;
  }

  reconfigure(limits: LimitConfig): void {
    this.#limits = limits;
  }

  /** Its address, where one more of it may stay; undefined: it is closed. */
  admit(socket: Socket): string | undefined {
    const { remoteAddress: address } = socket;
    if (address !== undefined && this.#admission.admits(address, this.#limits.connectionsPerAddress)) return address;
    socket.destroy();
    return undefined;
  }

  /** One that was admitted, of that `address`: a socket that is closed meanwhile no longer knows it. */
  add(socket: Socket, address: string, connection: ClientConnection): void {
    this.#open.set(socket, connection);
    socket.on('close', () => {
      this.#open.delete(socket);
      this.#admission.left(address);
    });
  }

  /** Who reads from the socket is another than before. */
  replace(socket: Socket, connection: ClientConnection): void {
    this.#open.set(socket, connection);
  }

  /** One more than may be in all came, and was closed. */
  dropped(address: string): void {
    this.#admission.refused('limits.connections', address);
  }

  /** It becomes a tunnel, which is not ours to time out or to drain; it still counts for its address. */
  release(socket: Duplex): void {
    this.#open.delete(socket);
  }

  /** Nothing was sent or taken for the stall timeout, or the keep-alive time is over. */
  quiet(socket: Socket): void {
    const outstayed = this.of(socket)?.outstayed;
    if (outstayed === undefined) {
      socket.setTimeout(this.#limits.stallTimeoutMs);
    } else {
      this.#parts.observer.limitReached(outstayed);
      socket.destroy();
    }
  }

  /** To be called once every stall timeout: whoever had the turn since the last call, and moved too little, is cut. */
  cutLaggards(): void {
    const { minBytesPerSecond, stallTimeoutMs } = this.#limits;
    const window = { leastBytes: (minBytesPerSecond * stallTimeoutMs) / 1000, mostRestMs: stallTimeoutMs / REST_SHARE };
    for (const connection of this.#open.values()) {
      if (!connection.lags(window)) continue;
      this.#parts.observer.limitReached('limits.min_rate');
      connection.destroy();
    }
  }

  /** Each with the answers that are due. */
  end(): void {
    for (const connection of this.#open.values()) connection.endAfterAnswers();
  }

  cut(): void {
    for (const connection of this.#open.values()) connection.destroy();
  }
}
