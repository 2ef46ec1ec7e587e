// SECURITY §10: a breaker holds everybody back, so no client may be able to open it: what its own requests make of an exchange is no failure of the origin.
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { RawClient } from '../support/client.ts';
import { Taker } from '../support/taker.ts';
import { get, post } from './request-row.ts';
import { Line } from './line.ts';
import { named } from './wire-origin.ts';

/** More than open it by default. */
const TIMES = 25;
const HALF_A_BODY = post('he', 'Content-Length: 5');

interface Attempt {
  readonly name: string;
  readonly bytes: string;
  /** What the origin does when it has heard of it. */
  readonly origin: 'resets' | 'closes' | 'waits' | 'answers half and resets';
  /** And then the client; `stays`: it waits for its answer. */
  readonly client: 'leaves' | 'stays';
}

const attempts: readonly Attempt[] = [
  { name: 'bodies that do not come, until the origin resets', bytes: HALF_A_BODY, origin: 'resets', client: 'stays' },
  { name: 'bodies that do not come, until the origin closes', bytes: HALF_A_BODY, origin: 'closes', client: 'stays' },
  { name: 'bodies that do not come, until the origin resets in an answer', bytes: HALF_A_BODY, origin: 'answers half and resets', client: 'stays' },
  { name: 'bodies in chunks that do not come', bytes: post('2\r\nhe\r\n', 'Transfer-Encoding: chunked'), origin: 'resets', client: 'stays' },
  { name: 'bodies that break off', bytes: HALF_A_BODY, origin: 'waits', client: 'leaves' },
  { name: 'leaving before an answer', bytes: get(), origin: 'waits', client: 'leaves' },
  { name: 'leaving before an answer to a write', bytes: post('hello', 'Content-Length: 5'), origin: 'waits', client: 'leaves' },
];

function act(attempt: Attempt, socket: Socket): void {
  switch (attempt.origin) {
    case 'resets':
      socket.resetAndDestroy();
      return;
    case 'closes':
      socket.destroy();
      return;
    case 'answers half and resets':
      socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 100\r\n\r\nhalf', () => socket.resetAndDestroy());
      return;
    case 'waits':
      return;
  }
}

async function attemptOn(line: Line, attempt: Attempt): Promise<void> {
  const heard = Promise.withResolvers<void>();
  line.origin.hearing = (text, socket) => {
    if (!text.endsWith('he')) return;
    act(attempt, socket);
    heard.resolve();
  };
  line.origin.answering = () => {
    heard.resolve();
    return undefined;
  };
  await using client: RawClient = await line.connect();
  client.send(attempt.bytes);
  await (attempt.client === 'stays' ? client.answer('POST') : heard.promise);
}

describe('a client cannot open the breaker by', () => {
  it.each(attempts)('$name', async (attempt) => {
    await using line = await Line.start();
    for (let nth = 0; nth < TIMES; nth++) await attemptOn(line, attempt);
    await line.roundTrips();
    line.origin.answering = named;
    expect((await line.ask(get()))?.body).toBe('GET /a');
    expect(await line.metrics('freshet_origin_breaker_open')).toEqual(['freshet_origin_breaker_open{origin="shop"} 0']);
  });

  it('taking a body so slowly that the origin breaks it off', async () => {
    await using line = await Line.start({ origin: 'breaker: { minimum_requests: 2 }', config: 'store: { max_object: 64KiB }' });
    const piece = 'x'.repeat(64 * 1024);
    for (let nth = 0; nth < 2; nth++) {
      const asked = Promise.withResolvers<Socket>();
      line.origin.answering = (_request, socket) => {
        asked.resolve(socket);
        return { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n' };
      };
      await using taker = await Taker.connect(line.freshet.address, get().replace('/a', `/${nth}`));
      const origin = await asked.promise;
      // Until nothing on the way takes any more.
      while ((await heldBytes(line)) <= RELAY_WINDOW_BYTES) origin.write(piece);
      origin.resetAndDestroy();
      await taker.take(Number.POSITIVE_INFINITY);
    }
    expect(await line.metrics('freshet_origin_requests_total')).toEqual(['freshet_origin_requests_total{origin="shop",result="origin-reset"} 2']);
    line.origin.answering = named;
    expect((await line.ask(get()))?.body).toBe('GET /a');
    expect(await line.metrics('freshet_origin_breaker_open')).toEqual(['freshet_origin_breaker_open{origin="shop"} 0']);
  });
});

/** What a relay may fall behind before its origin has to wait. */
const RELAY_WINDOW_BYTES = 256 * 1024;

async function heldBytes(line: Line): Promise<number> {
  const [held = ''] = await line.metrics('freshet_fills_held_bytes');
  return Number(held.split(' ')[1]);
}
