// The connections of a listener whose requests are plain so far. DESIGN §7.
import type { Socket } from 'node:net';
import type { LimitConfig } from '../config/config.ts';
import { FastConnection, type FastParts } from './fast-connection.ts';
import { PlainRequests } from './plain-request.ts';

interface FastPathOptions extends Omit<FastParts, 'plain' | 'hasCome' | 'handOver'> {
  /** The connection is node:http's from here on. */
  handOver(socket: Socket): void;
  /** Told once: a connection cannot be read here, as none can be whose sockets are made so. */
  impossible(): void;
}

/** How often each connection is looked at for silence. */
const LOOK_EVERY_MS = 250;

export class FastPath {
  readonly #parts: { -readonly [Name in keyof FastParts]: FastParts[Name] };
  /** The largest head that node:http takes. */
  readonly #headBytes: number;
  readonly #open = new Set<FastConnection>();
  readonly #looking: NodeJS.Timeout;
  #due: FastConnection[] = [];
  readonly #impossible: () => void;
  #isImpossible = false;

  constructor(options: FastPathOptions) {
    this.#headBytes = options.limits.headerBytes + options.limits.urlBytes;
    this.#parts = {
      ...options,
      plain: new PlainRequests(options.limits, this.#headBytes),
      hasCome: (connection) => this.#hasCome(connection),
      handOver: (connection) => {
        this.#open.delete(connection);
        options.handOver(connection.socket);
      },
    };
    this.#impossible = () => options.impossible();
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  reconfigure(limits: LimitConfig): void {
    this.#parts.limits = limits;
    this.#parts.plain = new PlainRequests(limits, this.#headBytes);
  }

  /** Undefined where there can be none: then `accepted` is as it was. */
  take(accepted: Socket): FastConnection | undefined {
    const connection = FastConnection.on(accepted, this.#parts);
    if (connection === undefined) return this.#decline();
    this.#open.add(connection);
    connection.socket.on('close', () => this.#open.delete(connection));
    return connection;
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #decline(): undefined {
    if (!this.#isImpossible) this.#impossible();
    this.#isImpossible = true;
  }

  #hasCome(connection: FastConnection): void {
    if (this.#due.push(connection) === 1) setImmediate(this.#serveDue);
  }

  readonly #serveDue = (): void => {
    const due = this.#due;
    this.#due = [];
    for (const connection of due) connection.serve();
  };

  #look(): void {
    const now = performance.now();
    for (const connection of this.#open) connection.look(now);
  }
}
