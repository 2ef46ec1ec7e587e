// One suite that every client passes, over real sockets: what respond says arrives as it was said, and a client that leaves or stalls costs nobody else
// anything (SECURITY §8, §9).
import { describe, expect, it } from 'vitest';
import type { LimitConfig } from '../../src/config/config.ts';
import type { Client } from '../../src/proxy/client.ts';
import { get, RawClient } from '../support/client.ts';
import { echo, type Handler, Listening } from './listening.ts';

const REQUEST = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
const MIB = 1024 * 1024;
/** Longer than any test. */
const NEVER_MS = 600_000;

type Start = (handler?: Handler, limits?: Partial<LimitConfig>) => Promise<Listening>;

/** A listener whose one client is handed to the test. */
async function caught(start: Start, limits: Partial<LimitConfig> = {}): Promise<{ listening: Listening; client: Promise<Client> }> {
  const { promise, resolve } = Promise.withResolvers<Client>();
  return { listening: await start((_, arrived) => resolve(arrived), limits), client: promise };
}

/** Without an end. */
function giveWhatItTakes(client: Client): void {
  const fill = (): void => {
    while (client.write(Buffer.alloc(MIB)));
  };
  client.head(200, 'OK', []);
  client.onDrain(fill);
  fill();
}

/** `fastPath`: whether it is one of the fast path, or of node:http. */
export function testClient(fastPath: boolean): void {
  const start: Start = (handler, limits) => Listening.start(handler, limits, { fastPath });

  describe('answers', () => {
    const answers: { name: string; handler: Handler; request?: string; method?: string; expected: object }[] = [
      {
        name: 'keep repeated fields, order and case-insensitive names, and get a Date',
        handler: (_, client) => client.answer(200, 'Fine', ['set-cookie', 'a=1', 'x-a', 'caf\xe9', 'set-cookie', 'b=2'], Buffer.from('ok')),
        expected: {
          statusText: 'Fine',
          body: 'ok',
          complete: true,
          fields: [
            'set-cookie',
            'a=1',
            'x-a',
            'caf\xe9',
            'set-cookie',
            'b=2',
            'content-length',
            '2',
            'date',
            expect.any(String),
            'connection',
            'keep-alive',
            'keep-alive',
            'timeout=60',
          ],
        },
      },
      {
        name: 'have no status text where they were given none',
        handler: (_, client) => {
          client.informational(103, []);
          client.answer(200, '', [], undefined);
        },
        expected: { status: 200, statusText: '', informational: [{ status: 103, fields: [] }] },
      },
      {
        name: 'keep their own Date',
        handler: (_, client) => client.answer(200, 'OK', ['date', 'x'], undefined),
        expected: { fields: expect.arrayContaining(['date', 'x']) },
      },
      {
        name: 'of unknown length are chunked',
        handler: (_, client) => {
          client.head(200, 'OK', []);
          client.write(Buffer.from('o'));
          client.write(Buffer.from('k'));
          client.end();
        },
        expected: { body: 'ok', complete: true, fields: expect.arrayContaining(['transfer-encoding', 'chunked']) },
      },
      {
        name: 'to HEAD have the length and no body',
        handler: (_, client) => client.answer(200, 'OK', [], Buffer.from('hello')),
        request: 'HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n',
        method: 'HEAD',
        expected: { body: '', fields: expect.arrayContaining(['content-length', '5']) },
      },
      {
        name: 'with 304 have no body and no length of ours',
        handler: (_, client) => client.answer(304, '', ['etag', '"a"'], undefined),
        expected: { status: 304, fields: expect.not.arrayContaining(['content-length']) },
      },
      {
        name: 'with 204 have neither',
        handler: (_, client) => client.answer(204, '', [], undefined),
        expected: { status: 204, fields: expect.not.arrayContaining(['content-length']) },
      },
      {
        name: 'follow informational ones',
        handler: (_, client) => {
          for (const status of [100, 101, 200]) client.informational(status, []);
          client.informational(103, ['link', '</a>', 'link', '</b>']);
          client.answer(200, 'OK', [], Buffer.from('ok'));
        },
        expected: { body: 'ok', informational: [{ status: 103, fields: ['link', '</a>', 'link', '</b>'] }] },
      },
    ];

    it.each(answers)('$name', async ({ handler, request = REQUEST, method = 'GET', expected }) => {
      await using listening = await start(handler);
      await using client = await RawClient.connect(listening.address);
      client.send(request);
      expect(await client.answer(method)).toMatchObject(expected);
      client.send(request);
      expect(await client.answer(method)).toMatchObject(expected);
      expect(listening.faults).toEqual([]);
    });

    it('go out with their head, byte for byte, however long their body takes', async () => {
      const { listening, client } = await caught(start);
      await using server = listening;
      await using raw = await RawClient.connect(server.address);
      raw.send(REQUEST);
      const arrived = await client;
      arrived.head(200, 'OK', ['x-a', 'caf\xe9', 'content-length', '2']);
      expect(await raw.head()).toMatchObject({ status: 200, fields: expect.arrayContaining(['x-a', 'caf\xe9']) });
      arrived.write(Buffer.from('ok'));
      arrived.end();
      expect((await raw.bytes(2)).toString()).toBe('ok');
      expect(server.faults).toEqual([]);
    });

    const lies: { name: string; handler: Handler }[] = [
      {
        name: 'shorter than said',
        handler: (_, client) => {
          client.head(200, 'OK', ['content-length', '9']);
          client.write(Buffer.from('short'));
          client.end();
        },
      },
      {
        name: 'longer than said',
        handler: (_, client) => {
          client.head(200, 'OK', ['content-length', '3']);
          client.write(Buffer.from('too long'));
          client.end();
        },
      },
      { name: 'with a line break in a field', handler: (_, client) => client.answer(200, 'OK', ['x-a', 'a\r\nset-cookie: b'], undefined) },
      { name: 'with a status that does not exist', handler: (_, client) => client.answer(1000, 'OK', [], undefined) },
    ];

    it.each(lies)('$name are cut and leave the process alone', async ({ handler }) => {
      await using listening = await start(handler);
      await using client = await RawClient.connect(listening.address);
      client.send(REQUEST);
      const answer = await client.answer();
      expect(answer?.complete ?? false).toBe(false);
      expect(listening.faults).toHaveLength(1);
    });

    it.each(['GET /a HTTP/1.1\r\nHost: x\r\n\r\n', 'GET /a HTTP/1.0\r\n\r\n'])('destroyed half-way are seen to be cut: %j', async (request) => {
      const { listening, client } = await caught(start);
      await using server = listening;
      await using raw = await RawClient.connect(server.address);
      raw.send(request);
      const arrived = await client;
      arrived.head(200, 'OK', []);
      arrived.write(Buffer.from('half'));
      setImmediate(() => arrived.destroy());
      expect((await raw.answer())?.complete).toBe(false);
      expect(arrived.gone).toBe(true);
    });

    it('are said once: what is said afterwards goes nowhere', async () => {
      const { listening, client } = await caught(start);
      await using server = listening;
      await using raw = await RawClient.connect(server.address);
      raw.send(REQUEST);
      const arrived = await client;
      arrived.head(200, 'OK', ['content-length', '2']);
      arrived.head(500, 'No', []);
      arrived.answer(500, 'No', [], Buffer.from('no'));
      arrived.write(Buffer.from('ok'));
      arrived.end();
      arrived.destroy();
      expect(await raw.answer()).toMatchObject({ status: 200, body: 'ok', complete: true });
      raw.send(REQUEST);
      while (server.seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
      expect(server.faults).toEqual([]);
    });

    it('are cut where the handler throws in the middle of one', async () => {
      await using listening = await start((_, client) => {
        client.head(200, 'OK', []);
        throw new Error('impossible');
      });
      await using client = await RawClient.connect(listening.address);
      client.send(REQUEST);
      expect((await client.answer())?.complete ?? false).toBe(false);
      expect(listening.faults).toHaveLength(1);
    });

    it('end in a 500 where the handler throws', async () => {
      await using listening = await start(() => {
        throw new Error('impossible');
      });
      expect((await get(listening.address, '/')).status).toBe(500);
      expect(listening.faults).toHaveLength(1);
    });
  });

  describe('backpressure and stalls', () => {
    it('asks for a pause and calls for more', async () => {
      const { listening, client } = await caught(start);
      await using server = listening;
      await using raw = await RawClient.connect(server.address);
      raw.socket.pause();
      raw.send(REQUEST);
      const arrived = await client;
      arrived.head(200, 'OK', []);
      let sent = 0;
      const chunk = Buffer.alloc(64 * 1024);
      while (arrived.write(chunk)) sent += chunk.length;
      const drained = new Promise<void>((resolve) => arrived.onDrain(resolve));
      raw.socket.resume();
      await drained;
      arrived.end();
      expect((await raw.answer())?.bytes.length).toBe(sent + chunk.length);
    });

    it.each<{ how: string; give: (client: Client) => void }>([
      { how: 'piece by piece', give: giveWhatItTakes },
      { how: 'at once', give: (client) => client.answer(200, 'OK', [], Buffer.alloc(48 * MIB)) },
    ])('cuts a client that takes nothing of an answer given $how', async ({ give }) => {
      const { listening, client } = await caught(start, { stallTimeoutMs: 100 });
      await using server = listening;
      await using raw = await RawClient.connect(server.address);
      raw.socket.pause();
      raw.send(REQUEST);
      const arrived = await client;
      const gone = new Promise<void>((resolve) => arrived.onGone(resolve));
      give(arrived);
      await gone;
      expect([arrived.gone, server.limits]).toEqual([true, ['limits.stall_timeout']]);
    });

    it('does not cut a client that waits for a slow answer', async () => {
      const { listening, client } = await caught(start, { stallTimeoutMs: 50 });
      await using server = listening;
      await using raw = await RawClient.connect(server.address);
      raw.send(REQUEST);
      const arrived = await client;
      for (let i = 0; i < 3; i++) {
        await using idle = await RawClient.connect(server.address);
        await idle.closed();
      }
      arrived.answer(200, 'OK', [], Buffer.from('late'));
      expect((await raw.answer())?.body).toBe('late');
    });

    it('answers 408 to a head that does not come', async () => {
      await using listening = await start(echo, { headersTimeoutMs: 100 });
      await using raw = await RawClient.connect(listening.address);
      raw.send('GET /a HTTP/1.1\r\nHost:');
      expect((await raw.answer())?.status).toBe(408);
      expect(await raw.closed()).toBe('end');
    });

    it('closes an idle connection', async () => {
      await using listening = await start(echo, { idleTimeoutMs: 1 });
      await using raw = await RawClient.connect(listening.address);
      raw.send(REQUEST);
      expect((await raw.answer())?.status).toBe(200);
      expect(await raw.closed()).toBe('end');
    });

    it('tells every listener that the client left, once, and late ones at once', async () => {
      const { listening, client } = await caught(start);
      await using server = listening;
      const raw = await RawClient.connect(server.address);
      raw.send(REQUEST);
      const arrived = await client;
      const told: string[] = [];
      const gone = new Promise<void>((resolve) => {
        arrived.onGone(() => told.push('first'));
        arrived.onGone(resolve);
      });
      raw.socket.resetAndDestroy();
      await gone;
      arrived.onGone(() => told.push('late'));
      arrived.answer(200, 'OK', [], Buffer.from('nobody'));
      expect([told, arrived.headSent, arrived.write(Buffer.from('nobody'))]).toEqual([['first', 'late'], false, true]);
    });
  });

  describe('opening and closing', () => {
    it('refuses connections over the limit', async () => {
      await using listening = await start(echo, { connections: 1 });
      await using first = await RawClient.connect(listening.address);
      first.send(REQUEST);
      expect((await first.answer())?.status).toBe(200);
      await using second = await RawClient.connect(listening.address);
      expect(await second.closed()).toMatch(/end|ECONNRESET|close/);
      expect(listening.faults).toHaveLength(1);
    });

    it('drains: idle connections end, what is in flight is answered with connection: close', async () => {
      const { listening, client } = await caught(start);
      const { address } = listening;
      await using idle = await RawClient.connect(address);
      await using raw = await RawClient.connect(address);
      raw.send(REQUEST);
      const arrived = await client;
      const closing = listening.close(NEVER_MS);
      expect(await idle.closed()).toBe('end');
      await expect(RawClient.connect(address).then(() => 'open')).rejects.toThrow();
      arrived.answer(200, 'OK', [], Buffer.from('last'));
      const answer = await raw.answer();
      expect([answer?.body, answer?.field('connection')]).toEqual(['last', 'close']);
      await closing;
    });

    it('drains: what was half answered is finished, then its connection ends', async () => {
      const { listening, client } = await caught(start);
      await using raw = await RawClient.connect(listening.address);
      raw.send(REQUEST);
      const arrived = await client;
      arrived.head(200, 'OK', []);
      const closing = listening.close(NEVER_MS);
      arrived.write(Buffer.from('whole'));
      arrived.end();
      expect(await raw.answer()).toMatchObject({ body: 'whole', complete: true });
      await closing;
    });

    it('drains: a connection on which a request has only begun ends at once', async () => {
      const listening = await start();
      await using raw = await RawClient.connect(listening.address);
      raw.send(`${REQUEST}GET /b HTTP/1.1\r\nHost:`);
      expect((await raw.answer())?.status).toBe(200);
      await listening.close(NEVER_MS);
      expect(await raw.closed()).toBe('end');
    });

    it('drains: what does not end in time is cut', async () => {
      const { listening, client } = await caught(start);
      await using raw = await RawClient.connect(listening.address);
      raw.send(REQUEST);
      const arrived = await client;
      await listening.close(20);
      expect(arrived.gone).toBe(true);
      expect(await raw.answer()).toBeUndefined();
    });
  });
}
