// The client side of an exchange over real sockets: what respond says arrives as it was said, and a client that leaves, stalls or sends
// what nobody reads costs nobody else anything (SECURITY §8, §9).
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RunError } from '../../src/errors.ts';
import type { Client } from '../../src/proxy/client.ts';
import { Listener } from '../../src/proxy/listener.ts';
import { get, RawClient } from '../support/client.ts';
import { echo, LIMITS, Listening, NO_OPTIONS } from './listening.ts';
import type { Handler } from './listening.ts';

const REQUEST = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
const MIB = 1024 * 1024;
const POST = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n';
/** Longer than any test. */
const NEVER_MS = 600_000;

/** A listener whose one client is handed to the test. */
async function caught(limits = {}): Promise<{ listening: Listening; client: Promise<Client> }> {
  const { promise, resolve } = Promise.withResolvers<Client>();
  return { listening: await Listening.start((_, arrived) => resolve(arrived), limits), client: promise };
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

describe('answers', () => {
  const answers: { name: string; handler: Handler; request?: string; method?: string; expected: object; closes?: boolean }[] = [
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
      name: 'of unknown length end with the connection for HTTP/1.0',
      handler: (_, client) => {
        client.informational(103, []);
        client.head(200, 'OK', []);
        client.write(Buffer.from('ok'));
        client.end();
      },
      request: 'GET /a HTTP/1.0\r\n\r\n',
      expected: { body: 'ok', complete: true, informational: [] },
      closes: true,
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
        client.informational(103, ['link', '</a>', 'link', '</b>']);
        client.answer(200, 'OK', [], Buffer.from('ok'));
      },
      expected: { body: 'ok', informational: [{ status: 103, fields: ['link', '</a>', 'link', '</b>'] }] },
    },
  ];

  it.each(answers)('$name', async ({ handler, request = REQUEST, method = 'GET', expected, closes = false }) => {
    await using listening = await Listening.start(handler);
    await using client = await RawClient.connect(listening.address);
    client.send(request);
    expect(await client.answer(method)).toMatchObject(expected);
    if (closes) expect(await client.closed()).toBe('end');
    else {
      client.send(request);
      expect(await client.answer(method)).toMatchObject(expected);
    }
    expect(listening.faults).toEqual([]);
  });

  it('go out with their head, byte for byte, however long their body takes', async () => {
    const { listening, client } = await caught();
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
    await using listening = await Listening.start(handler);
    await using client = await RawClient.connect(listening.address);
    client.send(REQUEST);
    const answer = await client.answer();
    expect(answer?.complete ?? false).toBe(false);
    expect(listening.faults).toHaveLength(1);
  });

  it.each(['GET /a HTTP/1.1\r\nHost: x\r\n\r\n', 'GET /a HTTP/1.0\r\n\r\n'])('destroyed half-way are seen to be cut: %j', async (request) => {
    const { listening, client } = await caught();
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
    const { listening, client } = await caught();
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
    await using listening = await Listening.start((_, client) => {
      client.head(200, 'OK', []);
      throw new Error('impossible');
    });
    await using client = await RawClient.connect(listening.address);
    client.send(REQUEST);
    expect((await client.answer())?.complete ?? false).toBe(false);
    expect(listening.faults).toHaveLength(1);
  });

  it('end in a 500 where the handler throws', async () => {
    await using listening = await Listening.start(() => {
      throw new Error('impossible');
    });
    expect((await get(listening.address, '/')).status).toBe(500);
    expect(listening.faults).toHaveLength(1);
  });
});

describe('backpressure and stalls', () => {
  it('asks for a pause and calls for more', async () => {
    const { listening, client } = await caught();
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
    const { listening, client } = await caught({ stallTimeoutMs: 100 });
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

  it('cuts a client that stops in its body, but only when somebody waits for it', async () => {
    const bodies: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => bodies.push(() => echo(request, client)), { stallTimeoutMs: 100 });
    await using raw = await RawClient.connect(listening.address);
    raw.send(`${POST}he`);
    const closed = raw.closed();
    // Three stall times in which nobody reads: that is not the client's fault.
    const quiet = await RawClient.connect(listening.address);
    expect(await quiet.closed()).toBe('end');
    const second = await RawClient.connect(listening.address);
    expect(await second.closed()).toBe('end');
    expect(raw.socket.closed).toBe(false);
    for (const read of bodies) read();
    expect(await closed).toMatch(/end|ECONNRESET/);
  });

  it('does not cut a client that waits for a slow answer', async () => {
    const { listening, client } = await caught({ stallTimeoutMs: 50 });
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
    await using listening = await Listening.start(echo, { headersTimeoutMs: 100 });
    await using raw = await RawClient.connect(listening.address);
    raw.send('GET /a HTTP/1.1\r\nHost:');
    expect((await raw.answer())?.status).toBe(408);
    expect(await raw.closed()).toBe('end');
  });

  it('closes an idle connection', async () => {
    await using listening = await Listening.start(echo, { idleTimeoutMs: 1 });
    await using raw = await RawClient.connect(listening.address);
    raw.send(REQUEST);
    expect((await raw.answer())?.status).toBe(200);
    expect(await raw.closed()).toBe('end');
  });

  it('tells every listener that the client left, once, and late ones at once', async () => {
    const { listening, client } = await caught();
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

describe('RFC 9110 §10.1.1: Expect: 100-continue', () => {
  const EXPECTING = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n';

  it('is answered when somebody reads', async () => {
    await using listening = await Listening.start();
    await using raw = await RawClient.connect(listening.address);
    raw.send(EXPECTING);
    expect(await raw.head()).toEqual({ status: 100, fields: [] });
    raw.send('hello');
    expect(JSON.parse((await raw.answer())?.body ?? '')).toMatchObject({ body: 'hello' });
  });

  it('is not answered when nobody does, and the connection ends', async () => {
    await using listening = await Listening.start((_, client) => client.answer(401, 'Unauthorized', [], Buffer.from('no')));
    await using raw = await RawClient.connect(listening.address);
    raw.send(EXPECTING);
    expect(await raw.answer()).toMatchObject({ status: 401, informational: [] });
    expect(await raw.closed()).toBe('end');
  });
});

describe('a body that nobody reads', () => {
  it('is drained and its connection closed, so that nothing in it is taken for a request', async () => {
    await using listening = await Listening.start((_, client) => client.answer(200, 'OK', [], Buffer.from('early')));
    await using raw = await RawClient.connect(listening.address);
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    raw.send(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n`);
    const answer = await raw.answer();
    raw.send(smuggled + REQUEST);
    expect(answer).toMatchObject({ status: 200, body: 'early' });
    expect(answer?.field('connection')).toBe('close');
    expect(await raw.answer()).toBeUndefined();
    expect(listening.seen).toHaveLength(1);
  });

  it('is broken off for who still reads it when its client is cut', async () => {
    const broken = Promise.withResolvers<Error>();
    await using listening = await Listening.start(({ body }, client) => {
      body?.on('error', broken.resolve).once('data', () => client.destroy());
    });
    await using raw = await RawClient.connect(listening.address);
    raw.send(`${POST}he`);
    expect(await broken.promise).toMatchObject({ name: 'RequestBodyError' });
  });

  it('is read no further than a client needs to hear its answer', async () => {
    await using listening = await Listening.start((_, client) => client.answer(413, 'Content Too Large', [], Buffer.from('no')));
    await using raw = await RawClient.connect(listening.address);
    raw.send('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000000\r\n\r\n');
    const more = (): void => void (raw.socket.writable && raw.socket.write(Buffer.alloc(MIB), more));
    more();
    expect(await raw.closed()).toMatch(/end|ECONNRESET|EPIPE/);
    expect(raw.socket.bytesWritten).toBeLessThan(64 * MIB);
  });

  it('does not keep the client from its answer, however large', async () => {
    await using listening = await Listening.start((_, client) => client.answer(413, 'Content Too Large', [], Buffer.from('no')));
    await using raw = await RawClient.connect(listening.address);
    raw.send(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n`);
    for (let i = 0; i < 40; i++) raw.send(Buffer.alloc(64 * 1024));
    expect((await raw.answer())?.status).toBe(413);
  });
});

describe('opening and closing', () => {
  it('says that a port is in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const opening = new Listener({ limits: LIMITS, ...NO_OPTIONS }).open({ host: '127.0.0.1', port });
    await expect(opening).rejects.toThrow(new RunError(`listen: cannot listen on 127.0.0.1:${port}: the port is in use`));
    await new Promise((resolve) => taken.close(resolve));
  });

  it('refuses connections over the limit', async () => {
    await using listening = await Listening.start(echo, { connections: 1 });
    await using first = await RawClient.connect(listening.address);
    first.send(REQUEST);
    expect((await first.answer())?.status).toBe(200);
    await using second = await RawClient.connect(listening.address);
    expect(await second.closed()).toMatch(/end|ECONNRESET|close/);
    expect(listening.faults).toHaveLength(1);
  });

  it('drains: idle connections end, what is in flight is answered with connection: close', async () => {
    const { listening, client } = await caught();
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
    const { listening, client } = await caught();
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
    const listening = await Listening.start();
    await using raw = await RawClient.connect(listening.address);
    raw.send(`${REQUEST}GET /b HTTP/1.1\r\nHost:`);
    expect((await raw.answer())?.status).toBe(200);
    await listening.close(NEVER_MS);
    expect(await raw.closed()).toBe('end');
  });

  it('drains: what does not end in time is cut', async () => {
    const { listening, client } = await caught();
    await using raw = await RawClient.connect(listening.address);
    raw.send(REQUEST);
    const arrived = await client;
    await listening.close(20);
    expect(arrived.gone).toBe(true);
    expect(await raw.answer()).toBeUndefined();
  });
});
