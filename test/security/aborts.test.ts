// SECURITY §9: clients that leave at every stage of a request, thousands of them. Whoever shares a fetch with one gets its answer, and afterwards nothing is
// left of them: no connection, no timer, no request in flight, no byte held.
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Answer, RawClient } from '../support/client.ts';
import { Line } from './line.ts';
import { message, ok } from './response-row.ts';
import type { Answering } from './wire-origin.ts';

const ROUNDS = 50;
/** Of each kind in a round. */
const AT_ONCE = 5;

const BODY = 'x'.repeat(1000);
const WHOLE = ok(BODY, `Content-Length: ${BODY.length}`);
const HALF = WHOLE.slice(0, -500);

interface Stage {
  readonly name: string;
  readonly bytes: (path: string) => string;
  /** What has happened when the client leaves: it was sent, the origin has the request, or what the client has received. */
  readonly when: 'sent' | 'asked' | 'head' | 'answer';
  /** What becomes of the exchange with the origin: a write runs to its end, and so does what is being stored. */
  readonly fetch: 'gives up' | 'goes on';
}

function request(line: string, fields: readonly string[] = [], body = ''): string {
  return message(`${line} HTTP/1.1`, ['Host: shop.test', ...fields], body);
}

const stages: readonly Stage[] = [
  { name: 'before a byte', bytes: () => '', when: 'sent', fetch: 'gives up' },
  { name: 'in the head', bytes: () => 'GET /a HTTP/1.1\r\nHost: sh', when: 'sent', fetch: 'gives up' },
  { name: 'in the body of its request', bytes: (path) => request(`POST ${path}`, ['Content-Length: 100'], 'half'), when: 'sent', fetch: 'gives up' },
  {
    name: 'in a chunk of its request',
    bytes: (path) => request(`POST ${path}`, ['Transfer-Encoding: chunked'], '64\r\nhalf'),
    when: 'sent',
    fetch: 'gives up',
  },
  {
    name: 'after 100 Continue',
    bytes: (path) => request(`POST ${path}`, ['Content-Length: 9', 'Expect: 100-continue']),
    when: 'head',
    fetch: 'gives up',
  },
  { name: 'before the head', bytes: (path) => request(`GET ${path}`), when: 'asked', fetch: 'gives up' },
  {
    name: 'before the head of what is passed',
    bytes: (path) => request(`GET ${path}`, ['Cache-Control: no-store']),
    when: 'asked',
    fetch: 'gives up',
  },
  {
    name: 'before the head of the answer to a write',
    bytes: (path) => request(`POST ${path}`, ['Content-Length: 2'], 'ok'),
    when: 'asked',
    fetch: 'goes on',
  },
  { name: 'in the body', bytes: (path) => request(`GET /half${path}`), when: 'head', fetch: 'goes on' },
  {
    name: 'in the body of what is passed',
    bytes: (path) => request(`GET /half${path}`, ['Cache-Control: no-store']),
    when: 'head',
    fetch: 'gives up',
  },
  { name: 'with another request behind', bytes: (path) => request(`GET ${path}`) + request(`GET ${path}/2`), when: 'asked', fetch: 'gives up' },
  { name: 'after its answer', bytes: () => request('GET /whole'), when: 'answer', fetch: 'gives up' },
];

interface Held {
  readonly socket: Socket;
  readonly rest: string;
}

/** Holds every answer until it is told to go on, but that of /whole; under /half it holds the second half. */
class Holding {
  readonly #held = new Map<string, Held>();
  readonly #awaited = new Map<string, () => void>();

  readonly answering: Answering = ({ path }, socket) => {
    if (path === '/whole') return { bytes: WHOLE };
    const isHalf = path.startsWith('/half');
    this.#held.set(path, { socket, rest: isHalf ? WHOLE.slice(HALF.length) : WHOLE });
    this.#awaited.get(path)?.();
    return isHalf ? { bytes: HALF } : undefined;
  };

  async asked(path: string): Promise<void> {
    if (!this.#held.has(path)) await new Promise<void>((resolve) => this.#awaited.set(path, resolve));
  }

  /** The others must be given up by whoever asked. */
  release(paths: readonly string[]): void {
    for (const path of paths) {
      const held = this.#held.get(path);
      held?.socket.write(held.rest);
    }
    this.#held.clear();
    this.#awaited.clear();
  }
}

class Aborts {
  readonly #line: Line;
  readonly #holding = new Holding();
  #nth = 0;

  constructor(line: Line) {
    this.#line = line;
    line.origin.answering = this.#holding.answering;
  }

  async round(): Promise<void> {
    const following = await this.#leadAndLeave();
    const left = await Promise.all(stages.flatMap((stage) => Array.from({ length: AT_ONCE }, () => this.#leave(stage))));
    await this.#line.roundTrips();
    this.#holding.release([following.path, ...left.flat()]);
    expect((await following.answer)?.body).toBe(BODY);
  }

  /** Where the origin is to go on. */
  async #leave({ bytes, when, fetch }: Stage): Promise<readonly string[]> {
    const nth = ++this.#nth;
    const client = await this.#line.connect();
    client.send(bytes(`/${nth}`));
    await this.#until(when, `/${nth}`, client);
    if (nth % 2 === 0) client.socket.resetAndDestroy();
    else client.socket.destroy();
    return fetch === 'goes on' ? [`/${nth}`, `/half/${nth}`] : [];
  }

  async #until(when: Stage['when'], path: string, client: RawClient): Promise<void> {
    if (when === 'asked') await this.#holding.asked(path);
    if (when === 'head') expect(await client.head()).toBeDefined();
    if (when === 'answer') expect((await client.answer())?.body).toBe(BODY);
  }

  /** Who led the fetch leaves before its head; who follows is to be answered. */
  async #leadAndLeave(): Promise<{ readonly path: string; readonly answer: Promise<Answer | undefined> }> {
    const path = `/${++this.#nth}`;
    const leader = await this.#line.connect();
    leader.send(request(`GET ${path}`));
    await this.#holding.asked(path);
    const answer = this.#line.ask(request(`GET ${path}`));
    await this.#line.roundTrips();
    leader.socket.resetAndDestroy();
    return { path, answer };
  }
}

/** What keeps this process busy: sockets and timers. */
function busy(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap' || kind === 'Timeout');
}

describe('clients that leave', () => {
  it('at every stage of their requests leave nothing behind', { timeout: 60_000 }, async () => {
    const before = busy();
    const line = await Line.start();
    const aborts = new Aborts(line);
    const atStart = busy();
    for (let round = 0; round < ROUNDS; round++) await aborts.round();
    // Of what the pool keeps open only the origin's end keeps the process busy.
    await expect.poll(() => busy().length - line.origin.open, { timeout: 3000 }).toBe(atStart.length);
    expect(await line.metrics('freshet_client_connections')).toEqual(['freshet_client_connections 0']);
    expect(await line.metrics('freshet_origin_requests_in_flight')).toEqual(['freshet_origin_requests_in_flight{origin="shop"} 0']);
    expect(await line.metrics('freshet_origin_requests_waiting')).toEqual(['freshet_origin_requests_waiting{origin="shop"} 0']);
    expect(await line.metrics('freshet_fills_held_bytes')).toEqual(['freshet_fills_held_bytes 0']);
    expect(line.origin.faults).toEqual([]);
    await line[Symbol.asyncDispose]();
    await expect.poll(busy).toEqual(before);
  });
});
