// Journeys of large bodies: both ways at the pace of the slower side, and nothing buffered whole that is not to be stored.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { yamlOf } from './journey.ts';

const PIECE = randomBytes(64 * 1024);
const PIECES = 640;
const TOTAL_BYTES = PIECE.length * PIECES;
/** What the kernel and the streams on the way may hold: far less than the whole. */
const ON_THE_WAY_BYTES = TOTAL_BYTES / 2;
const WHOLE = createHash('sha256');
for (let i = 0; i < PIECES; i++) WHOLE.update(PIECE);
const WHOLE_HASH = WHOLE.digest('hex');

/** An origin that writes and reads no faster than it is let, and counts. */
class CountingOrigin implements AsyncDisposable {
  sentBytes = 0;
  receivedBytes = 0;
  requests = 0;
  receivedHash = '';
  /** Resolves when a download was cut before its end. */
  readonly cut: Promise<void>;
  #wasCut: () => void = () => undefined;
  readonly #server: Server;
  #held: IncomingMessage | undefined;
  readonly freshet: RunningFreshet;

  static async start(config = ''): Promise<CountingOrigin> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new CountingOrigin(server, await RunningFreshet.start(yamlOf({ config }, `http://127.0.0.1:${port}`)));
  }

  private constructor(server: Server, freshet: RunningFreshet) {
    this.#server = server;
    this.freshet = freshet;
    this.cut = new Promise((resolve) => {
      this.#wasCut = resolve;
    });
    server.on('request', this.#serve);
  }

  /** Reads the upload that was held at its head. */
  read(): void {
    const hash = createHash('sha256');
    this.#held?.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      hash.update(chunk);
    });
    this.#held?.on('end', () => {
      this.receivedHash = hash.digest('hex');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.freshet.close();
  }

  readonly #serve: RequestListener = (request, response) => {
    this.requests++;
    if (request.method === 'POST') {
      this.#held = request;
      request.on('end', () => response.end('taken'));
      return;
    }
    response.writeHead(200, { 'cache-control': request.url === '/kept' ? 'max-age=60' : 'no-store' });
    response.on('close', () => {
      if (!response.writableFinished) this.#wasCut();
    });
    let left = PIECES;
    const more = (): void => {
      while (left-- > 0) {
        this.sentBytes += PIECE.length;
        if (!response.write(PIECE)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  };
}

/** A client that reads nothing until it is told to. */
async function slowClient(freshet: RunningFreshet, head: string): Promise<Socket> {
  const socket = connect(freshet.address.port, freshet.address.host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(head);
  return socket;
}

/** Resolves when `count` has stood still while many other requests went through. */
async function stalled(freshet: RunningFreshet, count: () => number): Promise<number> {
  for (;;) {
    const before = count();
    for (let i = 0; i < 100; i++) await get(freshet.address, '/none', { fields: ['cache-control', 'only-if-cached'] });
    if (count() === before && before > 0) return before;
  }
}

async function downloaded(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(socket, 'close');
  return bytes;
}

describe('a large download', () => {
  it.each([
    { name: 'that is not stored', path: '/passed' },
    { name: 'that grows past max_object', path: '/kept' },
  ])('$name waits for a client that does not read', async ({ path }) => {
    await using origin = await CountingOrigin.start('store: { max_object: 1MiB }');
    const socket = await slowClient(origin.freshet, `GET ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n`);
    expect(await stalled(origin.freshet, () => origin.sentBytes)).toBeLessThan(ON_THE_WAY_BYTES);
    expect(await downloaded(socket)).toBeGreaterThan(TOTAL_BYTES);
    expect(origin.sentBytes).toBe(TOTAL_BYTES);
  });

  it('arrives byte for byte', async () => {
    await using origin = await CountingOrigin.start();
    const { bytes, complete } = await get(origin.freshet.address, '/passed');
    expect(complete).toBe(true);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(WHOLE_HASH);
  });

  it('that is stored does not wait: others get it whole while its first client does not read', async () => {
    await using origin = await CountingOrigin.start('store: { max_object: 64MiB, memory: 256MiB }');
    const socket = await slowClient(origin.freshet, 'GET /kept HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
    const other = await get(origin.freshet.address, '/kept', { fields: ['host', 'shop.test'] });
    expect(other.bytes.length).toBe(TOTAL_BYTES);
    expect(origin.requests).toBe(1);
    expect(await downloaded(socket)).toBeGreaterThan(TOTAL_BYTES);
    const hit = await get(origin.freshet.address, '/kept', { fields: ['host', 'shop.test'] });
    expect(hit.field('cache-status')).toMatch(/^freshet; hit/);
    expect(createHash('sha256').update(hit.bytes).digest('hex')).toBe(WHOLE_HASH);
  });

  it('stops at the origin when its client leaves', async () => {
    await using origin = await CountingOrigin.start();
    const socket = await slowClient(origin.freshet, 'GET /passed HTTP/1.1\r\nHost: shop.test\r\n\r\n');
    await stalled(origin.freshet, () => origin.sentBytes);
    socket.destroy();
    await origin.cut;
    expect(origin.sentBytes).toBeLessThan(ON_THE_WAY_BYTES);
  });
});

describe('a large upload', () => {
  it.each([
    { name: 'with a length', field: `Content-Length: ${TOTAL_BYTES}`, frame: (piece: Buffer) => piece, last: '' },
    {
      name: 'in chunks',
      field: 'Transfer-Encoding: chunked',
      frame: (piece: Buffer) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
      last: '0\r\n\r\n',
    },
  ])('$name waits for an origin that does not read, and arrives byte for byte', async ({ field, frame, last }) => {
    await using origin = await CountingOrigin.start();
    const socket = await slowClient(origin.freshet, `POST /a HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n${field}\r\n\r\n`);
    const framed = frame(PIECE);
    let written = 0;
    const more = (): void => {
      while (written < PIECES) {
        written++;
        if (!socket.write(framed)) return void socket.once('drain', more);
      }
      socket.write(last);
    };
    more();
    expect((await stalled(origin.freshet, () => written)) * PIECE.length).toBeLessThan(ON_THE_WAY_BYTES);
    origin.read();
    expect(await downloaded(socket)).toBeGreaterThan(0);
    expect(origin.receivedHash).toBe(WHOLE_HASH);
  });
});
