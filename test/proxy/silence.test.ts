// DESIGN §7: how long a connection of the fast path may be silent, on real sockets and by a time of the test's own.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/proxy/client.ts';
import { takenBytes } from '../../src/proxy/connection.ts';
import { FastConnection, type FastParts } from '../../src/proxy/fast-connection.ts';
import { PlainRequests } from '../../src/proxy/plain-request.ts';
import { get, head } from '../security/request-row.ts';
import { SettableClock } from '../support/clock.ts';
import { LIMITS } from './listening.ts';

const BEGUN = 'GET /a HTTP/1.1\r\nHost: x\r\n';
/** After which an idle connection is closed. */
const IDLE_MS = LIMITS.idleTimeoutMs + 1_000;

function partsFor(told: string[], clients: Client[]): FastParts {
  return {
    clock: new SettableClock(),
    limits: LIMITS,
    plain: new PlainRequests(LIMITS),
    hasCome: (connection) => connection.serve(),
    handle: (request, client) => {
      clients.push(client);
      if (request.target.path === '/a') client.answer(200, 'OK', [], undefined);
    },
    handOver: () => told.push('handed over'),
    refused: ({ message }) => told.push(message),
    limitReached: (limit) => told.push(limit),
    faulty: (error) => told.push(String(error)),
  };
}

/** A connection at both of its ends. */
class Pair implements AsyncDisposable {
  readonly told: string[] = [];
  readonly clients: Client[] = [];
  readonly near: Socket;
  readonly connection: FastConnection;
  readonly #server: Server;

  static async open(): Promise<Pair> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
    const [accepted] = (await once(server, 'connection')) as [Socket];
    return new Pair(server, near, accepted);
  }

  private constructor(server: Server, near: Socket, accepted: Socket) {
    this.#server = server;
    this.near = near;
    const connection = FastConnection.on(accepted, partsFor(this.told, this.clients));
    if (connection === undefined) throw new Error('there is no fast path');
    this.connection = connection;
  }

  /** Resolves when `text` is read. */
  async send(text: string): Promise<void> {
    const before = this.connection.socket.bytesRead;
    this.near.write(text);
    while (this.connection.socket.bytesRead < before + text.length) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What is told at looks at these times. */
  at(...times: readonly number[]): string[] {
    return times.map((now) => {
      const before = this.told.length;
      this.connection.look(now);
      return this.told.slice(before).join();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.near.destroy();
    this.connection.socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('a connection that is silent', () => {
  it('from the start is handed over after half a second', async () => {
    await using pair = await Pair.open();
    expect(pair.at(1000, 1499, 1500)).toEqual(['', '', 'handed over']);
  });

  it('in its first head is handed over half a second after that began', async () => {
    await using pair = await Pair.open();
    expect(pair.at(1000, 1499)).toEqual(['', '']);
    await pair.send(BEGUN);
    expect(pair.at(1500, 1999, 2000)).toEqual(['', '', 'handed over']);
  });

  it.each([
    { which: 'its first', before: [] },
    { which: 'a later', before: [get()] },
  ])('but for a piece of $which head now and then is handed over too', async ({ before }) => {
    await using pair = await Pair.open();
    for (const plain of before) await pair.send(plain);
    await pair.send(BEGUN);
    expect(pair.at(1000, 1250)).toEqual(['', '']);
    await pair.send('a: 1\r\n');
    expect(pair.at(1499)).toEqual(['']);
    await pair.send('b: 1\r\n');
    expect(pair.at(1500)).toEqual(['handed over']);
  });

  it('in a later head is handed over too', async () => {
    await using pair = await Pair.open();
    await pair.send(get());
    await pair.send(BEGUN);
    expect(pair.at(1000, 1499, 1500)).toEqual(['', '', 'handed over']);
  });

  it('behind an answer is closed when its time is over', async () => {
    await using pair = await Pair.open();
    await pair.send(get());
    expect(() => pair.at(1000, 1001)).not.toThrow();
    expect(pair.at(1000 + IDLE_MS - 1, 1000 + IDLE_MS)).toEqual(['', 'limits.idle_timeout']);
    expect(pair.connection.socket.destroyed).toBe(true);
  });

  it('has all its time again with each request', async () => {
    await using pair = await Pair.open();
    await pair.send(get());
    expect(pair.at(1000, IDLE_MS)).toEqual(['', '']);
    await pair.send(get());
    expect(pair.at(IDLE_MS + 1000, 2 * IDLE_MS + 999, 2 * IDLE_MS + 1000)).toEqual(['', '', 'limits.idle_timeout']);
  });

  it('while it waits for its answer is left alone', async () => {
    await using pair = await Pair.open();
    await pair.send(head('GET /late HTTP/1.1', 'Host: x'));
    await pair.send(BEGUN);
    expect(() => pair.at(0, 1_000_000_000)).not.toThrow();
    expect(pair.told).toEqual([]);
  });

  it.each<{ how: string; give: (client: Client | undefined, body: Buffer) => void }>([
    { how: 'at once', give: (client, body) => client?.answer(200, 'OK', [], body) },
    {
      how: 'piece by piece',
      give: (client, body) => {
        const fill = (): void => {
          while (client?.write(body.subarray(0, 65_536)) === true);
        };
        client?.head(200, 'OK', []);
        client?.onDrain(fill);
        fill();
      },
    },
  ])('and takes nothing of an answer given $how is cut, but not while it takes something', async ({ give }) => {
    await using pair = await Pair.open();
    await pair.send(head('GET /late HTTP/1.1', 'Host: x'));
    pair.near.pause();
    give(pair.clients[0], Buffer.alloc(64 * 1024 * 1024));
    const gone = new Promise<void>((resolve) => pair.clients[0]?.onGone(resolve));
    await settled(pair);
    const { stallTimeoutMs } = LIMITS;
    expect(pair.at(1000, 1000 + stallTimeoutMs - 1)).toEqual(['', '']);
    const before = bytesTaken(pair);
    pair.near.resume();
    while (bytesTaken(pair) === before) await new Promise((resolve) => setImmediate(resolve));
    pair.near.pause();
    await settled(pair);
    expect(pair.at(1000 + stallTimeoutMs, 1000 + 2 * stallTimeoutMs - 1, 1000 + 2 * stallTimeoutMs)).toEqual(['', '', 'limits.stall_timeout']);
    await gone;
  });
});

function bytesTaken({ connection }: Pair): number {
  return takenBytes(connection.socket) ?? 0;
}

/** The kernel takes no more. */
async function settled(pair: Pair): Promise<void> {
  for (let rounds = 0, before = -1; rounds < 20; rounds = bytesTaken(pair) === before ? rounds + 1 : 0) {
    before = bytesTaken(pair);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('there is no fast path on a socket that is not as expected', () => {
  const told: string[] = [];
  expect(() => FastConnection.on(new Socket(), partsFor(told, []))).not.toThrow();
  expect([FastConnection.on(new Socket(), partsFor(told, [])), told]).toEqual([undefined, []]);
});
