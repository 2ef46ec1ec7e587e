// A connection whose requests are plain and come one at a time: read from the socket, handed to `handle`, and answered by SocketClient. DESIGN §7.
//
// The idea: node:http spends on a request several times what an answer from the store costs. So the bytes come here first. A plain request that stands
// alone in what has come is served here, whether it is a hit, a miss or a pass. With the first bytes that are anything else, pipelined requests too, the
// connection is handed over to node:http, those bytes put back, and never returns.
//
// Requests are served when all that has come on all connections is read: to read ten times and then to answer ten costs a quarter less than both in turn.
//
// The races: what comes while an answer is due is kept as text, and looked at when the answer is with the kernel; so a connection is handed over only
// while no answer is due on it. A piece lies in a buffer that all connections share, so it is made text before anything else happens.
//
// What must stay true: nothing is refused here that node:http would take, and nothing taken that it would refuse. The limits are those of its connections
// (connections.ts). A head that is slow in coming, and a first request that never comes, are handed over too: there is one judge of those.
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { LimitConfig } from '../config/config.ts';
import type { Request } from '../http/message.ts';
import type { Limit } from '../observe/limits.ts';
import type { Client } from './client.ts';
import { type ClientConnection, takenBytes } from './connection.ts';
import { lags, type Turn, type Window } from './pace.ts';
import { type Refusal, refusalBytes, refuse } from './refusal.ts';
import { inOneBuffer } from './one-buffer.ts';
import type { PlainRequest, PlainRequests } from './plain-request.ts';
import { type Line, SocketClient } from './socket-client.ts';

export interface FastParts {
  readonly clock: Clock;
  readonly limits: LimitConfig;
  readonly plain: PlainRequests;
  /** A request is there: `serve` is to be called when all that has come is read. */
  hasCome(connection: FastConnection): void;
  /** Follows the request to its end; never throws. */
  handle(request: Request, client: Client): void;
  /** Its socket is node:http's from here on. */
  handOver(connection: FastConnection): void;
  refused(refusal: Refusal): void;
  limitReached(limit: Limit): void;
  faulty(error: unknown): void;
}

/** For a first request, or the rest of a head, it is waited here for so long, and for so many pieces. */
const REST_MS = 500;
const MOST_PIECES = 8;

/** As node:http grants it: a client that counts on the time it was told is a little late. */
const IDLE_GRACE_MS = 1_000;

/** Of what comes while an answer is due: beyond it nothing is read, and it is for node:http. */
const MOST_WAITING = 65_536;

export class FastConnection implements ClientConnection, Line {
  readonly socket: Socket;
  readonly #parts: FastParts;
  readonly #peerAddress: string;
  /** What came and is no request yet, in so many pieces. */
  #text = '';
  #pieces = 0;
  /** To be served when all that has come on all connections is read. */
  #next: PlainRequest | undefined;
  #client: SocketClient | undefined;
  /** Served, or being served. */
  #isUsed = false;
  /** Nothing that comes on it is believed any more. */
  #isDeaf = false;
  #isEnding = false;
  #isHandedOver = false;
  /** Goes up with whatever moves; since when it stands, as far as was looked. */
  #moves = 0;
  #quiet = { moves: -1, taken: 0, since: 0 };
  #turns: readonly Turn[] = [];

  /** Undefined where there can be none: then `accepted` is as it was. */
  static on(accepted: Socket, parts: FastParts): FastConnection | undefined {
    const address = accepted.remoteAddress ?? '';
    const read = (buffer: Buffer, bytes: number): boolean => connection.#read(buffer, bytes);
    const socket = inOneBuffer(accepted, read);
    if (socket === undefined) return undefined;
    const connection = new FastConnection(socket, address.replace(/^::ffff:(?=\d+\.)/, ''), parts);
    return connection;
  }

  private constructor(socket: Socket, peerAddress: string, parts: FastParts) {
    this.socket = socket;
    this.#peerAddress = peerAddress;
    this.#parts = parts;
    socket.on('drain', this.#drained).on('end', this.#halfClosed).on('close', this.#closed).on('error', ignore);
    socket.resume();
  }

  // For its clients

  get clock(): Clock {
    return this.#parts.clock;
  }

  get keepAliveSeconds(): number {
    return Math.floor(this.#parts.limits.idleTimeoutMs / 1000);
  }

  get isLast(): boolean {
    return this.#isDeaf || this.#isEnding;
  }

  finished(): void {
    this.#client = undefined;
    this.#moves++;
    if (this.isLast) this.socket.destroySoon();
    else if (this.#text !== '' && !this.socket.destroyed) this.#judge();
  }

  faulty(error: unknown): void {
    this.#parts.faulty(error);
  }

  // For whoever watches all connections

  lags(window: Window): boolean {
    const before = this.#turns;
    const taken = takenBytes(this.socket);
    const turn = taken === undefined ? undefined : this.#client?.taking(taken);
    this.#turns = turn === undefined ? [] : [turn];
    return lags(before, this.#turns, window);
  }

  endAfterAnswers(): void {
    this.#isEnding = true;
    if (this.#isIdle) this.socket.destroySoon();
  }

  destroy(): void {
    this.#closed();
    this.socket.destroy();
  }

  // Reading

  #read(buffer: Buffer, bytes: number): boolean {
    if (this.#isHandedOver) return this.socket.push(Buffer.from(buffer.subarray(0, bytes)));
    if (this.#isDeaf) return true;
    const text = buffer.toString('latin1', 0, bytes);
    // A head moves with its first piece only: pieces now and then are not to put off the one who judges its time.
    this.#moves += this.#isIdle && this.#text !== '' ? 0 : 1;
    this.#text = this.#text === '' ? text : this.#text + text;
    this.#pieces++;
    if (this.#isIdle) this.#judge();
    return this.#isHandedOver || this.#text.length <= MOST_WAITING;
  }

  /** No answer is due, and none will be that is known of. */
  get #isIdle(): boolean {
    return this.#client === undefined && this.#next === undefined;
  }

  #judge(): void {
    const reading = this.#parts.plain.read(this.#text);
    const isMuch = this.#text.length > MOST_WAITING;
    if (!isMuch && reading.kind === 'plain' && reading.end === this.#text.length) {
      this.#text = '';
      this.#pieces = 0;
      this.#next = reading;
      this.#isDeaf ||= reading.closes;
      this.#parts.hasCome(this);
    } else if (isMuch || reading.kind !== 'incomplete' || this.#pieces >= MOST_PIECES) {
      this.#handOver();
    }
  }

  /** Serves the request that has come. */
  serve(): void {
    const next = this.#next;
    if (next === undefined || this.socket.destroyed) return;
    const { method, target, fields } = next;
    this.#next = undefined;
    this.#isUsed = true;
    this.#client = new SocketClient(this, method);
    this.#parts.handle({ method, target, fields, version: '1.1', peerAddress: this.#peerAddress }, this.#client);
  }

  // Ends

  #refuse(refusal: Refusal): void {
    this.#text = '';
    this.#isDeaf = true;
    this.#parts.refused(refusal);
    this.socket.write(refusalBytes(refusal, new Date()));
    this.socket.destroySoon();
  }

  #handOver(): void {
    const { socket } = this;
    this.#isHandedOver = true;
    socket.off('drain', this.#drained).off('end', this.#halfClosed).off('close', this.#closed).off('error', ignore);
    if (this.#text !== '') socket.unshift(Buffer.from(this.#text, 'latin1'));
    this.#text = '';
    this.#parts.handOver(this);
  }

  /** Like node:http, whoever sends no more is taken to have left; who leaves in the middle of a head is told so. */
  readonly #halfClosed = (): void => {
    this.serve();
    if (this.#client === undefined && this.#text !== '') return this.#refuse(refuse(400, 'malformed request'));
    this.#isDeaf = true;
    this.#text = '';
    this.#next = undefined;
    this.socket.end();
  };

  readonly #closed = (): void => {
    const client = this.#client;
    this.#client = undefined;
    this.#next = undefined;
    this.#isDeaf = true;
    client?.leave();
  };

  readonly #drained = (): void => this.#client?.room();

  // Silence

  /** To be called now and then, with the time of a clock that never steps: what has been quiet for too long ends, or is node:http's. */
  look(now: number): void {
    if (this.#hasMoved(now)) return;
    const quietMs = now - this.#quiet.since;
    if (this.#isIdle && (!this.#isUsed || this.#text !== '')) {
      if (quietMs >= REST_MS) this.#handOver();
      return;
    }
    const limit = this.#limitOfSilence;
    if (limit === undefined || quietMs < limit.ms) return;
    this.#parts.limitReached(limit.name);
    this.socket.destroy();
  }

  #hasMoved(now: number): boolean {
    const taken = this.#client === undefined ? 0 : (takenBytes(this.socket) ?? 0);
    if (this.#quiet.moves === this.#moves && this.#quiet.taken === taken) return false;
    this.#quiet = { moves: this.#moves, taken, since: now };
    return true;
  }

  /** None where it is not for the client to go on. */
  get #limitOfSilence(): { readonly name: 'limits.idle_timeout' | 'limits.stall_timeout'; readonly ms: number } | undefined {
    const { idleTimeoutMs, stallTimeoutMs } = this.#parts.limits;
    if (this.#client === undefined) return { name: 'limits.idle_timeout', ms: idleTimeoutMs + IDLE_GRACE_MS };
    const owesTaking = this.socket.writableLength > 0 || this.#client.awaitsDrain;
    return owesTaking ? { name: 'limits.stall_timeout', ms: stallTimeoutMs } : undefined;
  }
}

function ignore(): void {}
