// A client that is slower than limits.min_rate is cut, and nobody else: window by window, each ended by the test. SECURITY §8.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Body } from '../../src/http/message.ts';
import type { Client } from '../../src/proxy/client.ts';
import { lags, type Turn } from '../../src/proxy/pace.ts';
import { RawClient } from '../support/client.ts';
import { Arrivals, Taker } from '../support/taker.ts';
import { type Handler, Listening } from './listening.ts';

const MIB = 1024 * 1024;
const GET = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';

const [one, other] = [{}, {}];
const turn = (movedBytes: number, { of = one, restedMs = 100 } = {}): Turn => ({ of, restedMs, movedBytes });

describe('a turn lags', () => {
  it.each<{ name: string; before: readonly Turn[]; now: readonly Turn[]; expected: boolean }>([
    { name: 'with too little moved', before: [turn(5)], now: [turn(14)], expected: true },
    { name: 'not with enough moved', before: [turn(5)], now: [turn(15)], expected: false },
    { name: 'not at its first look', before: [], now: [turn(0)], expected: false },
    { name: 'not when it is over', before: [turn(0)], now: [], expected: false },
    { name: 'not after a rest', before: [turn(5)], now: [turn(5, { restedMs: 104 })], expected: false },
    { name: 'after the shortest of rests', before: [turn(5)], now: [turn(5, { restedMs: 103 })], expected: true },
    { name: 'not where it is another', before: [turn(5)], now: [turn(5, { of: other })], expected: false },
    { name: 'beside one that does not', before: [turn(5, { of: other }), turn(5)], now: [turn(6), turn(90, { of: other })], expected: true },
  ])('$name', ({ before, now, expected }) => {
    expect(lags(before, now, { leastBytes: 10, mostRestMs: 3 })).toBe(expected);
  });
});

/** 1000 B/s over 30 s. */
const LEAST = 30_000;

async function uploading(minBytesPerSecond = LEAST / 30) {
  const asked = Promise.withResolvers<Body>();
  const listening = await Listening.start(({ body }) => body !== undefined && asked.resolve(body), { minBytesPerSecond });
  const raw = await RawClient.connect(listening.address);
  raw.send('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\na');
  return { listening, raw, body: await asked.promise };
}

describe('a client that sends a body', () => {
  it.each([
    { name: 'too slowly is cut', bytes: LEAST - 1, limits: ['limits.min_rate'] },
    { name: 'fast enough is not', bytes: LEAST, limits: [] },
  ])('$name', async ({ bytes, limits }) => {
    const { listening, raw, body } = await uploading();
    await using server = listening;
    await using client = raw;
    const arrivals = new Arrivals();
    body.on('data', (chunk: Buffer) => arrivals.add(chunk));
    await arrivals.until(1);
    server.look();
    client.send(Buffer.alloc(bytes));
    await arrivals.until(1 + bytes);
    server.look();
    expect(server.limits).toEqual(limits);
    if (limits.length > 0) expect(await client.closed()).toMatch(/end|ECONNRESET/);
  });

  it('is not cut while nobody reads it', async () => {
    const { listening, raw } = await uploading();
    await using server = listening;
    await using client = raw;
    for (let i = 0; i < 3; i++) server.look();
    expect([server.limits, client.socket.closed]).toEqual([[], false]);
  });

  it.each([
    { name: 'is not cut after a window in which it was not waited for all the time', restMs: 3_001, limits: [] },
    { name: 'is cut although it was not waited for now and then', restMs: 3_000, limits: ['limits.min_rate'] },
  ])('$name', async ({ restMs, limits }) => {
    const { listening, raw, body } = await uploading(1e9);
    await using server = listening;
    await using client = raw;
    const arrivals = new Arrivals();
    body.on('data', (chunk: Buffer) => arrivals.add(chunk));
    await arrivals.until(1);
    server.look();
    body.pause();
    client.send(Buffer.alloc(200_000));
    while (body.readableLength < body.readableHighWaterMark) await new Promise((resolve) => setImmediate(resolve));
    server.clock.advance(restMs);
    body.resume();
    await arrivals.until(200_001);
    server.look();
    expect(server.limits).toEqual(limits);
  });

  it('is not cut when it is through and waits for its answer', async () => {
    const { listening, raw, body } = await uploading();
    await using server = listening;
    await using client = raw;
    client.send(Buffer.alloc(999_999));
    body.resume();
    await once(body, 'end');
    for (let i = 0; i < 3; i++) server.look();
    expect(server.limits).toEqual([]);
  });
});

/** What is far more than a connection's buffers hold. */
const LARGE = Buffer.alloc(48 * MIB);

async function downloading(minBytesPerSecond: number, { requests = GET, fastPath = true } = {}) {
  const clients: Client[] = [];
  const asked = Promise.withResolvers<void>();
  const handler: Handler = (_, client) => {
    clients.push(client);
    if (clients.length === requests.split(GET).length - 1) asked.resolve();
  };
  const listening = await Listening.start(handler, { minBytesPerSecond }, { fastPath });
  const taker = await Taker.connect(listening.address, requests);
  await asked.promise;
  return { listening, taker, clients };
}

const answers: readonly { readonly how: string; readonly give: (client: Client) => void }[] = [
  { how: 'given at once', give: (client) => client.answer(200, 'OK', [], LARGE) },
  {
    how: 'given piece by piece',
    give: (client) => {
      client.head(200, 'OK', []);
      const write = (): void => void client.write(LARGE.subarray(0, 64 * 1024));
      client.onDrain(write);
      client.write(LARGE);
    },
  },
];

describe.each([
  { reader: 'the fast path', fastPath: true },
  { reader: 'node:http', fastPath: false },
])('$reader:', ({ fastPath }) => {
  describe.each(answers)('a client that takes an answer, $how,', ({ give }) => {
    it.each([
      { name: 'and stops', takes: 0, rate: 1000, limits: ['limits.min_rate'] },
      { name: 'too slowly', takes: 24 * MIB, rate: MIB, limits: ['limits.min_rate'] },
      { name: 'fast enough', takes: 24 * MIB, rate: 1000, limits: [] },
      { name: 'and stops, where no rate is asked for', takes: 0, rate: 0, limits: [] },
    ])('$name', async ({ takes, rate, limits }) => {
      const { listening, taker, clients } = await downloading(rate, { fastPath });
      await using server = listening;
      await using client = taker;
      for (const asking of clients) give(asking);
      server.look();
      await client.take(takes);
      server.look();
      expect(server.limits).toEqual(limits);
      expect(clients.map(({ gone }) => gone)).toEqual([limits.length > 0]);
    });
  });

  /** One that has been given more than it takes, since the last look; whatever it takes then is too slow. */
  async function lagging() {
    const { listening: server, taker, clients } = await downloading(1e9, { fastPath });
    const open = new AsyncDisposableStack();
    open.use(server);
    open.use(taker);
    const [asking] = clients as [Client];
    asking.head(200, 'OK', []);
    asking.write(LARGE);
    server.look();
    /** `then` happens in the step in which there is room again. */
    const takesAll = async (then = (): void => {}): Promise<void> => {
      const drained = new Promise<void>((resolve) => asking.onDrain(() => resolve(then())));
      await Promise.all([taker.take(LARGE.length), drained]);
    };
    return { server, asking, takesAll, [Symbol.asyncDispose]: () => open.disposeAsync() };
  }

  it('a client that takes an answer too slowly is cut although it takes all there is now and then, where it is given more at once', async () => {
    await using client = await lagging();
    const { server, asking } = client;
    for (let times = 0; times < 2; times++) {
      server.clock.advance(3_001);
      await client.takesAll(() => void asking.write(LARGE));
    }
    server.look();
    expect(server.limits).toEqual(['limits.min_rate']);
  });

  describe('a client that takes an answer is not cut', () => {
    it.each<{ name: string; meanwhile: (client: Client) => void }>([
      { name: 'after a window in which it had taken all there was', meanwhile: () => undefined },
      { name: 'after a window in which it took all there was at once', meanwhile: (client) => void client.write(Buffer.from('little')) },
    ])('$name', async ({ meanwhile }) => {
      await using client = await lagging();
      const { server, asking } = client;
      await client.takesAll();
      server.clock.advance(1_000);
      meanwhile(asking);
      server.clock.advance(2_001);
      asking.write(LARGE);
      server.look();
      expect(server.limits).toEqual([]);
      server.look();
      expect(server.limits).toEqual(['limits.min_rate']);
    });

    it.each<{ name: string; give: (client: Client) => void }>([
      { name: 'before its answer begins', give: () => undefined },
      { name: 'while the rest of its answer is waited for', give: (client) => (client.head(200, 'OK', []), void client.write(Buffer.from('begun'))) },
      { name: 'when it is through and idle', give: (client) => client.answer(200, 'OK', [], Buffer.from('whole')) },
    ])('$name', async ({ give }) => {
      const { listening, taker, clients } = await downloading(1e9, { fastPath });
      await using server = listening;
      await using client = taker;
      for (const asking of clients) give(asking);
      if (clients.some(({ headSent }) => headSent)) await client.take(1);
      for (let i = 0; i < 3; i++) server.look();
      expect(server.limits).toEqual([]);
    });
  });

  it.each([GET, GET + GET])('of a connection that was cut just now nothing is measured: %j', async (requests) => {
    const { listening, taker, clients } = await downloading(1, { requests, fastPath });
    await using server = listening;
    await using client = taker;
    clients[0]?.destroy();
    expect(() => server.look()).not.toThrow();
    await client.take(1);
    expect(server.limits).toEqual([]);
  });
});

describe('a client is not cut', () => {
  it('for a pipelined answer that is behind another', async () => {
    const { listening, taker, clients } = await downloading(1e9, { requests: GET + GET });
    await using server = listening;
    await using client = taker;
    clients[1]?.head(200, 'OK', []);
    expect(clients[1]?.write(LARGE)).toBe(false);
    for (let i = 0; i < 3; i++) server.look();
    expect([server.limits, client.socket.closed]).toEqual([[], false]);
  });

  it('as a tunnel', async () => {
    await using listening = await Listening.start(() => undefined, { minBytesPerSecond: 1e9 });
    await using raw = await RawClient.connect(listening.address);
    raw.send('GET /socket HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect((await raw.head())?.status).toBe(101);
    raw.socket.pause();
    listening.tunnels[0]?.write(LARGE);
    for (let i = 0; i < 3; i++) listening.look();
    expect([listening.limits, listening.tunnels[0]?.destroyed]).toEqual([[], false]);
  });
});
