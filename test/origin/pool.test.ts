// One exchange with an origin, over real sockets: what arrives, what is refused (SECURITY §2), what is retried, and what a cut looks like.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { RequestBodyError } from '../../src/origin/exchange.ts';
import type { OriginRequest } from '../../src/origin/exchange.ts';
import { NobodyListens } from '../support/nobody.ts';
import { Barrier, ScriptedOrigin } from '../support/origin.ts';
import type { Reply } from '../support/origin.ts';
import { originMap, Recorder, type Seen, Setup } from './fetching.ts';

const raw = (...lines: string[]): Reply => ({ raw: lines.join('\r\n') });
const filler = (count: number): string[] => Array.from({ length: count }, (_, i) => `a${i}: b`);
const CONDITIONAL: Fields = ['host', 'shop.test', 'if-none-match', '"x"'];

/** Acts when its one chunk is here and its end is not told yet. */
class AtLastByte extends Recorder {
  readonly #act: () => void;

  constructor(act: () => void) {
    super();
    this.#act = act;
  }

  override data(chunk: Buffer): boolean {
    queueMicrotask(this.#act);
    return super.data(chunk);
  }
}

describe('an exchange', () => {
  it('tells sent, head, data and end in order, with raw fields lowered and values byte-exact', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { fields: ['X-A', '1', 'x-A', '2', 'X-Text', 'caf\xe9'], body: 'hello' });
    await using setup = new Setup(origin.url);
    const seen = await setup.fetch();
    expect(seen).toMatchObject({ calls: ['sent', 'head', 'end'], body: 'hello', verified: true, head: { status: 200 } });
    expect(seen.head?.fields.slice(0, 6)).toEqual(['x-a', '1', 'x-a', '2', 'x-text', 'caf\xe9']);
    expect(origin.requests[0]?.fields.filter((_, i) => i % 2 === 0)).toEqual(['host', 'connection']);
    expect(setup.ends).toEqual([{ origin: 'shop', status: 200, retried: false, durationMs: expect.any(Number) }]);
  });

  it('keeps the connection after a HEAD', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { body: 'hello' });
    await using setup = new Setup(origin.url, { connections: 1 });
    for (let i = 0; i < 3; i++) expect(await setup.fetch({ method: 'HEAD' })).toMatchObject({ verified: true, body: '' });
    expect(origin.connections).toBe(1);
  });

  it.each([
    { name: 'with a declared length', bodyBytes: 6, field: 'content-length', value: '6' },
    { name: 'without a length', bodyBytes: undefined, field: 'transfer-encoding', value: 'chunked' },
  ])('streams a body $name', async ({ bodyBytes, field, value }) => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { body: 'ok' });
    await using setup = new Setup(origin.url);
    for (const method of ['POST', 'GET', 'DELETE']) {
      const body = Readable.from([Buffer.from('abc'), Buffer.from('def')]);
      expect(await setup.fetch({ method, body, ...(bodyBytes !== undefined && { bodyBytes }) })).toMatchObject({ body: 'ok' });
      const request = origin.requests.at(-1);
      expect({ method: request?.method, body: request?.body.toString() }).toEqual({ method, body: 'abcdef' });
      expect(request?.fields[(request.fields.indexOf(field) ?? 0) + 1]).toBe(value);
    }
  });

  it('forwards 102 and 103 and drops what comes after eight', async () => {
    await using origin = await ScriptedOrigin.start();
    const early = Array.from({ length: 12 }, (_, i) => ({ status: i === 0 ? 102 : 103, fields: ['Link', `<${i}>`] }));
    origin.on('/', { informational: early, body: 'ok' });
    await using setup = new Setup(origin.url);
    const seen = await setup.fetch();
    expect(seen.informational.map(({ status, fields }) => [status, fields[1]])).toEqual(
      Array.from({ length: 8 }, (_, i) => [i === 0 ? 102 : 103, `<${i}>`]),
    );
    expect(seen).toMatchObject({ body: 'ok', head: { status: 200 } });
  });

  it('pauses where the handler takes no more and goes on after resume', async () => {
    await using origin = await ScriptedOrigin.start();
    const body = 'x'.repeat(4 * 1024 * 1024);
    origin.on('/', { body });
    await using setup = new Setup(origin.url);
    const recorder = new Recorder();
    recorder.takes = false;
    const { call } = setup.start({}, recorder);
    await recorder.headed;
    // Every pause is lifted once and a little more arrives: nothing is lost and nothing comes unasked.
    const before = recorder.bytes;
    recorder.takes = true;
    call.resume();
    const seen = await recorder.done;
    expect(before).toBeLessThan(body.length);
    expect(seen.body.length).toBe(body.length);
  });
});

describe('SECURITY §2: what an origin may not answer', () => {
  const rows: { name: string; reply: Reply; request?: Partial<OriginRequest>; reason: string }[] = [
    {
      name: 'length and chunked',
      reply: raw('HTTP/1.1 200 OK', 'Content-Length: 2', 'Transfer-Encoding: chunked', '', '2\r\nok\r\n0\r\n\r\n'),
      reason: 'origin-malformed',
    },
    { name: 'two lengths', reply: raw('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 3', '', 'ok'), reason: 'origin-malformed' },
    { name: 'a folded field', reply: raw('HTTP/1.1 200 OK', 'X: a', ' b', 'Content-Length: 0', '', ''), reason: 'origin-malformed' },
    { name: 'a bare LF', reply: { raw: 'HTTP/1.1 200 OK\nContent-Length: 0\n\n' }, reason: 'origin-malformed' },
    { name: 'a NUL in a value', reply: raw('HTTP/1.1 200 OK', 'X: a\0b', 'Content-Length: 0', '', ''), reason: 'origin-malformed' },
    { name: 'a space before the colon', reply: raw('HTTP/1.1 200 OK', 'X-A : b', 'Content-Length: 0', '', ''), reason: 'origin-malformed' },
    { name: 'gzip, chunked', reply: raw('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked', '', '0\r\n\r\n'), reason: 'origin-malformed' },
    { name: 'chunked, gzip', reply: raw('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked, gzip', '', 'ok'), reason: 'origin-malformed' },
    {
      name: 'two transfer codings in two lines',
      reply: raw('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip', 'Transfer-Encoding: chunked', '', '0\r\n\r\n'),
      reason: 'origin-malformed',
    },
    {
      name: 'a 101 unasked',
      reply: raw('HTTP/1.1 101 Switching Protocols', 'Connection: upgrade', 'Upgrade: websocket', '', ''),
      reason: 'origin-malformed',
    },
    { name: 'a 100 unasked', reply: raw('HTTP/1.1 100 Continue', '', 'HTTP/1.1 200 OK', 'Content-Length: 0', '', ''), reason: 'origin-malformed' },
    { name: 'status 099', reply: raw('HTTP/1.1 099 Odd', 'Content-Length: 0', '', ''), reason: 'origin-malformed' },
    { name: 'status 999', reply: raw('HTTP/1.1 999 Odd', 'Content-Length: 0', '', ''), reason: 'origin-malformed' },
    { name: 'status 600', reply: raw('HTTP/1.1 600 Odd', 'Content-Length: 0', '', ''), reason: 'origin-malformed' },
    { name: 'a 304 to an unconditional request', reply: { status: 304 }, reason: 'origin-malformed' },
    { name: 'a 206 unasked', reply: { status: 206, fields: ['Content-Range', 'bytes 0-1/9'], body: 'ok' }, reason: 'origin-malformed' },
    { name: 'a 204 with a length', reply: raw('HTTP/1.1 204 No Content', 'Content-Length: 2', '', 'ok'), reason: 'origin-malformed' },
    { name: 'a 204 in chunks', reply: raw('HTTP/1.1 204 No Content', 'Transfer-Encoding: chunked', '', '0\r\n\r\n'), reason: 'origin-malformed' },
    { name: 'a head over 64 KiB', reply: { fields: ['X-A', 'a'.repeat(70_000)] }, reason: 'origin-malformed' },
    {
      name: '2400 filler fields, then private',
      reply: raw('HTTP/1.1 200 OK', ...filler(2400), 'Cache-Control: private', 'Content-Length: 0', '', ''),
      reason: 'origin-malformed',
    },
    { name: 'no HTTP at all', reply: { raw: 'SSH-2.0-OpenSSH_9.6\r\n' }, reason: 'origin-malformed' },
    { name: 'half a head', reply: { raw: 'HTTP/1.1 200 OK\r\nX-A: ' }, reason: 'origin-reset' },
    { name: 'nothing', reply: { raw: '' }, reason: 'origin-reset' },
    {
      name: '1001 informational answers',
      reply: { informational: Array.from({ length: 1001 }, () => ({ status: 103 })) },
      reason: 'origin-malformed',
    },
  ];

  it.each(rows)('$name', async ({ reply, request, reason }) => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', reply).on('/fine', { body: 'fine' });
    await using setup = new Setup(origin.url, { connections: 1 });
    const seen = await setup.fetch(request);
    expect(seen.error?.reason).toBe(reason);
    expect(seen.error?.requestSent).toBe(true);
    expect(seen.calls.at(-1)).toBe('failed');
    // The connection is not used again and its slot is not lost.
    expect(await setup.fetch({ path: '/fine' })).toMatchObject({ body: 'fine' });
    expect(origin.connections).toBe(2);
  });

  it.each([
    { name: 'a 304 to If-None-Match', reply: { status: 304 }, fields: CONDITIONAL, status: 304 },
    { name: 'a 206 to Range', reply: { status: 206, body: 'ok' }, fields: ['host', 'shop.test', 'range', 'bytes=0-1'], status: 206 },
    { name: 'a 204 with length 0', reply: { raw: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' }, fields: ['host', 'a'], status: 204 },
    {
      name: '1000 informational answers',
      reply: { informational: Array.from({ length: 1000 }, () => ({ status: 103 })) },
      fields: ['host', 'a'],
      status: 200,
    },
    { name: 'a tag field of 32 KiB', reply: { fields: ['Surrogate-Key', 'a '.repeat(16_000)] }, fields: ['host', 'a'], status: 200 },
  ])('but may answer $name', async ({ reply, fields, status }) => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', reply);
    await using setup = new Setup(origin.url);
    expect(await setup.fetch({ fields })).toMatchObject({ verified: true, head: { status } });
  });

  it('bytes after an answer are never taken for the next one', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil', keepOpen: true });
    origin.on('/next', { body: 'next' });
    await using setup = new Setup(origin.url, { connections: 1 });
    await setup.fetch();
    expect(await setup.fetch({ path: '/next' })).toMatchObject({ body: 'next' });
  });
});

describe('RFC 9112 §8: where a body ends', () => {
  const rows: { name: string; reply: Reply; expected: Partial<Seen> | { error: object } }[] = [
    { name: 'length kept', reply: { body: 'whole' }, expected: { body: 'whole', verified: true } },
    { name: 'chunked', reply: { body: 'whole', framing: 'chunked' }, expected: { body: 'whole', verified: true } },
    { name: 'close-delimited', reply: { body: 'whole', framing: 'close' }, expected: { body: 'whole', verified: false } },
    { name: 'HTTP/1.0 without length', reply: { raw: 'HTTP/1.0 200 OK\r\n\r\nwhole' }, expected: { body: 'whole', verified: false } },
    { name: 'length, cut', reply: { body: 'broken', fault: 'truncate' }, expected: { body: 'bro', error: { reason: 'origin-reset' } } },
    { name: 'length, reset', reply: { body: 'broken', fault: 'reset' }, expected: { error: { reason: 'origin-reset' } } },
    { name: 'length that lies', reply: { body: 'short', fault: 'lie' }, expected: { body: 'short', error: { reason: 'origin-reset' } } },
    { name: 'chunked, cut', reply: { body: 'broken', framing: 'chunked', fault: 'truncate' }, expected: { error: { reason: 'origin-reset' } } },
    {
      name: 'chunked, cut before the last chunk',
      reply: raw('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '2', 'ok', ''),
      expected: { error: { reason: 'origin-reset' } },
    },
    {
      name: 'cut, with connection: close',
      reply: raw('HTTP/1.1 200 OK', 'Content-Length: 9', 'Connection: close', '', 'ok'),
      expected: { error: { reason: 'origin-reset' } },
    },
  ];

  it.each(rows)('$name', async ({ reply, expected }) => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', reply);
    await using setup = new Setup(origin.url);
    expect(await setup.fetch()).toMatchObject(expected);
  });

  it('sees every cut of an answer, at whatever byte', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n',
    ];
    await using origin = await ScriptedOrigin.start();
    await using setup = new Setup(origin.url);
    for (const answer of answers) {
      for (let cut = 0; cut < answer.length; cut++) {
        origin.on('/', { raw: answer.slice(0, cut) });
        expect((await setup.fetch()).calls, `cut after ${cut} of ${answer.length}`).not.toContain('end');
      }
    }
  });
});

describe('timeouts and unreachable origins', () => {
  it('reports silence as origin-headers-timeout', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { fault: 'silence' });
    await using setup = new Setup(origin.url, { headersTimeoutMs: 100 });
    expect((await setup.fetch()).error).toMatchObject({ reason: 'origin-headers-timeout', requestSent: true });
  });

  it('reports a body that stops as origin-body-timeout', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { body: 'stopped', fault: 'stall' });
    await using setup = new Setup(origin.url, { bodyTimeoutMs: 100 });
    const seen = await setup.fetch();
    expect(seen).toMatchObject({ calls: ['sent', 'head', 'failed'], error: { reason: 'origin-body-timeout' } });
    expect(setup.ends).toMatchObject([{ status: 200, failure: 'origin-body-timeout' }]);
  });

  it('reports a refused connection as origin-unreachable, with nothing sent', async () => {
    await using nobody = await NobodyListens.start();
    await using setup = new Setup(nobody.url);
    const seen = await setup.fetch();
    expect(seen).toMatchObject({ calls: ['failed'], error: { reason: 'origin-unreachable', requestSent: false } });
    expect(seen.error?.message).toContain('ECONNREFUSED');
  });

  it('reports a name that does not exist as origin-unreachable', async () => {
    await using setup = new Setup('http://no-such-host.invalid');
    expect((await setup.fetch()).error).toMatchObject({ reason: 'origin-unreachable', requestSent: false });
  });

  it('reports an origin that is not in the configuration', async () => {
    await using setup = new Setup('http://127.0.0.1:1');
    const recorder = new Recorder();
    setup.pools.fetch('nobody', { method: 'GET', path: '/', fields: [] }, recorder);
    expect(recorder.seen.calls).toEqual([]);
    expect((await recorder.done).error?.reason).toBe('internal');
  });
});

describe('requests that undici refuses', () => {
  it('fail without costing a connection', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { body: 'ok' });
    await using setup = new Setup(origin.url, { connections: 2, queue: 20 });
    const bad: Partial<OriginRequest>[] = [
      { path: '/a b' },
      { path: '*' },
      { fields: ['x-a', 'Ā'] },
      { fields: ['x-a', 'a\nb'] },
      { fields: ['transfer-encoding', 'chunked'] },
      { fields: ['expect', '100-continue'] },
      { fields: ['host', 'a', 'host', 'b'] },
    ];
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(bad.flatMap((request) => [setup.fetch(request), setup.fetch()]));
      expect(answers.filter((_, i) => i % 2 === 0).map(({ error }) => error)).toMatchObject(
        bad.map(() => ({ reason: 'bad-request', requestSent: false })),
      );
      expect(answers.filter((_, i) => i % 2 === 1).map(({ body }) => body)).toEqual(bad.map(() => 'ok'));
    }
  });
});

describe('the queue', () => {
  it('sheds what exceeds connections and queue, at once, and takes more when there is room', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/', { body: 'ok', barriers: { 'before-head': barrier } });
    await using setup = new Setup(origin.url, { connections: 1, queue: 2 });
    const held = [setup.fetch(), setup.fetch(), setup.fetch()];
    expect((await setup.fetch()).error).toMatchObject({ reason: 'origin-busy', requestSent: false });
    barrier.open();
    expect((await Promise.all(held)).map(({ body }) => body)).toEqual(['ok', 'ok', 'ok']);
    expect(await setup.fetch()).toMatchObject({ body: 'ok' });
  });

  it('gives back the place of one that left, whose request is never sent', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/', { body: 'ok', barriers: { 'before-head': barrier } });
    await using setup = new Setup(origin.url, { connections: 1, queue: 1 });
    const first = setup.fetch();
    await barrier.reached;
    for (let i = 0; i < 5; i++) setup.start({ path: '/left' }).call.abort();
    const waiting = setup.fetch();
    expect((await setup.fetch()).error?.reason).toBe('origin-busy');
    barrier.open();
    expect([(await first).body, (await waiting).body]).toEqual(['ok', 'ok']);
    expect(origin.count('/left')).toBe(0);
  });

  it('is left after queue_timeout, in order, and the place is free again', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/', { body: 'ok', barriers: { 'before-head': barrier } });
    await using setup = new Setup(origin.url, { connections: 1, queue: 2, queueTimeoutMs: 20 });
    const first = setup.fetch();
    await barrier.reached;
    const left: string[] = [];
    const waiting = ['/a', '/b'].map(async (path) => {
      const { error } = await setup.fetch({ path });
      left.push(path);
      return error;
    });
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ reason: 'origin-busy', requestSent: false });
    expect(left).toEqual(['/a', '/b']);
    expect(setup.pools.loads).toEqual([{ origin: 'shop', inFlight: 1, waiting: 0, isOpen: false }]);
    const { call } = setup.start({ path: '/c' });
    expect(setup.pools.loads).toMatchObject([{ waiting: 1 }]);
    call.abort();
    barrier.open();
    expect(await first).toMatchObject({ body: 'ok' });
    expect(origin.requests.map(({ path }) => path)).toEqual(['/']);
  });

  it('never sends more than there are connections, whoever leaves and comes while one becomes free', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/first', { body: 'x' }).on('/', { body: 'ok', barriers: { 'before-head': barrier } });
    await using setup = new Setup(origin.url, { connections: 1 });
    const later: Promise<Seen>[] = [];
    const first = new AtLastByte(() => {
      waiting.call.abort();
      later.push(setup.fetch(), setup.fetch());
    });
    setup.start({ path: '/first' }, first);
    const waiting = setup.start({ path: '/left' });
    await first.done;
    expect(setup.pools.loads).toMatchObject([{ inFlight: 1, waiting: 1 }]);
    barrier.open();
    expect((await Promise.all(later)).map(({ body }) => body)).toEqual(['ok', 'ok']);
    expect(origin.count('/left')).toBe(0);
  });

  it('costs no time of headers_timeout', async () => {
    const headersTimeoutMs = 100;
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/long', { body: 'long', barriers: { 'mid-body': barrier } }).on('/', { body: 'ok' });
    await using setup = new Setup(origin.url, { connections: 1, headersTimeoutMs });
    const { recorder } = setup.start({ path: '/long' });
    await recorder.headed;
    const waiting = setup.fetch();
    await silence(headersTimeoutMs);
    barrier.open();
    expect([(await recorder.done).body, (await waiting).body]).toEqual(['long', 'ok']);
  });

  it('is emptied before settings that went end their connections', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/', { body: 'ok', barriers: { 'before-head': barrier } });
    await using setup = new Setup(origin.url, { connections: 1, queue: 2 });
    const held = [setup.fetch(), setup.fetch(), setup.fetch()];
    await barrier.reached;
    setup.pools.reconfigure(originMap(origin.url, { connections: 2 }));
    barrier.open();
    expect((await Promise.all(held)).map(({ body }) => body)).toEqual(['ok', 'ok', 'ok']);
  });

  it.each(['in use', 'replaced'])('fails with the shutdown: settings %s', async (settings) => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/', { body: 'ok', barriers: { 'before-head': barrier } });
    const setup = new Setup(origin.url, { connections: 1, queue: 1 });
    const held = [setup.fetch(), setup.fetch()];
    await barrier.reached;
    if (settings === 'replaced') setup.pools.reconfigure(originMap(origin.url, { connections: 2 }));
    await setup[Symbol.asyncDispose]();
    const ends = await Promise.all(held);
    expect(ends.map(({ error }) => [error?.reason, error?.requestSent])).toEqual([
      ['draining', true],
      ['draining', false],
    ]);
  });
});

describe('abort', () => {
  it('ends the connection, tells nothing more and may be repeated', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/', { body: 'hello', barriers: { 'mid-body': barrier } }).on('/next', { body: 'next' });
    await using setup = new Setup(origin.url, { connections: 1 });
    const { call, recorder } = setup.start({});
    await recorder.headed;
    call.abort();
    call.abort();
    expect(await setup.fetch({ path: '/next' })).toMatchObject({ body: 'next' });
    barrier.open();
    expect(recorder.seen.calls).toEqual(['sent', 'head']);
    expect(setup.ends.map(({ failure }) => failure)).toEqual(['client-gone', undefined]);
    expect(origin.connections).toBe(2);
  });

  it('of a request that waits sends nothing', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/', { body: 'ok', barriers: { 'before-head': barrier } }).on('/next', { body: 'next' });
    await using setup = new Setup(origin.url, { connections: 1 });
    const first = setup.fetch();
    await barrier.reached;
    const { call, recorder } = setup.start({ path: '/never' });
    call.abort();
    const last = setup.fetch({ path: '/next' });
    barrier.open();
    expect([(await first).body, (await last).body]).toEqual(['ok', 'next']);
    expect(recorder.seen.calls).toEqual([]);
    expect(origin.count('/never')).toBe(0);
  });

  it('of the body by the client is not put down to the origin', async () => {
    await using origin = await ScriptedOrigin.start();
    await using setup = new Setup(origin.url);
    const body = new Readable({ read: () => undefined });
    body.push('part');
    const answer = setup.fetch({ method: 'POST', body, bodyBytes: 10 });
    setImmediate(() => body.destroy(new RequestBodyError('the client left')));
    expect((await answer).error?.reason).toBe('client-gone');
  });

  it('before there is a connection sends nothing', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { body: 'ok' });
    await using setup = new Setup(origin.url, { connections: 1 });
    const { call, recorder } = setup.start({ path: '/never' });
    call.abort();
    expect((await setup.fetch()).body).toBe('ok');
    expect([recorder.seen.calls, origin.count('/never')]).toEqual([[], 0]);
  });

  it('between the last byte and the word that it was the last ends it once', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { body: 'x' });
    await using setup = new Setup(origin.url, { connections: 1 });
    const recorder = new AtLastByte(() => call.abort());
    const { call } = setup.start({}, recorder);
    await setup.fetch();
    expect(recorder.seen.calls).toEqual(['sent', 'head']);
    expect(setup.ends.map(({ failure }) => failure)).toEqual(['client-gone', undefined]);
  });
});

it('a fault of our own is not put down to the origin', async () => {
  await using origin = await ScriptedOrigin.start();
  await using setup = new Setup(origin.url);
  const body = new Readable({ read: () => undefined });
  body.push('part');
  const answer = setup.fetch({ method: 'POST', body, bodyBytes: 10 });
  setImmediate(() => body.destroy(new Error('impossible')));
  expect((await answer).error?.reason).toBe('internal');
});

describe('reconfigure and close', () => {
  it('sends new requests to the new origin and lets the old ones end', async () => {
    await using old = await ScriptedOrigin.start();
    await using next = await ScriptedOrigin.start();
    const barrier = new Barrier();
    old.on('/', { body: 'old', barriers: { 'before-head': barrier } });
    next.on('/', { body: 'new' });
    await using setup = new Setup(old.url);
    const first = setup.fetch();
    await barrier.reached;
    setup.pools.reconfigure(originMap(next.url));
    expect((await setup.fetch()).body).toBe('new');
    barrier.open();
    expect((await first).body).toBe('old');
  });

  it.each(['the last exchange ends', 'the last that waits leaves'])('lets the connections of the old go when %s', async (when) => {
    await using old = await ScriptedOrigin.start();
    await using next = await ScriptedOrigin.start();
    old.on('/', { fields: ['keep-alive', 'timeout=600'], body: 'x' });
    await using setup = new Setup(old.url, { connections: 1 });
    const first = new AtLastByte(() => waiting?.call.abort());
    setup.start({}, first);
    const waiting = when === 'the last that waits leaves' ? setup.start({}) : undefined;
    setup.pools.reconfigure(originMap(next.url));
    await first.done;
    await old.left();
  });

  it('keeps the connections of an origin that did not change', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { body: 'ok' });
    await using setup = new Setup(origin.url, { connections: 1 });
    await setup.fetch();
    setup.pools.reconfigure(originMap(origin.url, { connections: 1 }));
    await setup.fetch();
    expect(origin.connections).toBe(1);
  });

  it('ends what is under way with reason draining', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/', { barriers: { 'before-head': barrier } });
    const setup = new Setup(origin.url, { connections: 1 });
    const answers = [setup.fetch(), setup.fetch()];
    await barrier.reached;
    await setup.pools.close();
    expect((await Promise.all(answers)).map(({ error }) => error?.reason)).toEqual(['draining', 'draining']);
  });
});

/** Until another origin's silence was reported, with the same timeout. */
async function silence(headersTimeoutMs: number): Promise<void> {
  await using origin = await ScriptedOrigin.start();
  origin.on('/', { fault: 'silence' });
  await using setup = new Setup(origin.url, { headersTimeoutMs });
  expect((await setup.fetch()).error?.reason).toBe('origin-headers-timeout');
}
