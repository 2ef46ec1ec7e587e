// SECURITY §9: messages from their first byte to their last: expectations, tunnels, HEAD, bodies where none is due, and a wall clock that steps.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fieldValue } from '../../src/http/fields.ts';
import { get as head, post } from './request-row.ts';
import { Line } from './line.ts';
import { FRESH, message, ok, two } from './response-row.ts';
import type { Answering } from './wire-origin.ts';

const GET = head();
const ONE = { origin: 'connections: 1' };

describe('Expect: 100-continue', () => {
  const EXPECTING = post('', 'Content-Length: 5', 'Expect: 100-continue');

  it('is answered when the request goes to the origin, and not while it waits for a connection', async () => {
    await using line = await Line.start(ONE);
    const held = Promise.withResolvers<void>();
    line.origin.answering = (_request, socket) => {
      void held.promise.then(() => socket.write(two('HTTP/1.1 200 OK')));
      return undefined;
    };
    const first = line.ask(GET);
    await line.origin.seen(1);
    await using client = await line.connect();
    client.send(EXPECTING);
    await line.roundTrips();
    expect(client.socket.bytesRead).toBe(0);
    held.resolve();
    expect((await first)?.body).toBe('ok');
    expect(await client.head()).toEqual({ status: 100, fields: [] });
    client.send('hello');
    expect((await client.answer())?.body).toBe('ok');
    expect(line.origin.requests.at(-1)?.body).toBe('hello');
    expect(line.origin.faults).toEqual([]);
  });

  it('is not answered where Freshet needs no body, and what the client sends all the same is no request', async () => {
    await using line = await Line.start();
    await using client = await line.connect();
    client.send(post('', 'Cdn-Loop: freshet', `Content-Length: ${GET.length}`, 'Expect: 100-continue'));
    const answer = await client.answer();
    expect([answer?.status, answer?.informational, answer?.field('connection')]).toEqual([508, [], 'close']);
    client.send(GET);
    expect(await client.answer()).toBeUndefined();
    expect(line.origin.requests).toEqual([]);
  });

  it('ends with its connection where the origin answers before the body was sent', async () => {
    await using line = await Line.start();
    line.origin.hearing = (_text, socket) => socket.write(message('HTTP/1.1 401 Unauthorized', ['Content-Length: 2'], 'no'));
    await using client = await line.connect();
    client.send(`${EXPECTING}he`);
    const answer = await client.answer();
    expect([answer?.status, answer?.field('connection')]).toEqual([401, 'close']);
    client.send(`llo${GET}`);
    expect(await client.answer()).toBeUndefined();
    expect(line.origin.requests).toEqual([]);
  });
});

describe('a tunnel', () => {
  const HANDSHAKE = head('Connection: upgrade', 'Upgrade: websocket');
  const SWITCHED = message('HTTP/1.1 101 Switching Protocols', ['Connection: upgrade', 'Upgrade: websocket']);
  const SOCKET = { config: 'routes: [{ path: /a, upgrade: true }]' };
  const PLAIN = head().replace('/a', '/b');

  it('begins with the 101: what the client sends before reaches nobody, and after it as it is', async () => {
    await using line = await Line.start(SOCKET);
    const switched = Promise.withResolvers<void>();
    line.origin.answering = (_request, socket) => {
      void switched.promise.then(() => socket.write(SWITCHED));
      return undefined;
    };
    await using client = await line.connect();
    client.send(`${HANDSHAKE}early`);
    await line.origin.seen(1);
    client.send(' and late');
    await line.roundTrips();
    expect(line.origin.unread).toEqual(['']);
    const heard = new Promise<void>((resolve) => {
      line.origin.hearing = (text) => {
        if (text === 'early and late') resolve();
      };
    });
    switched.resolve();
    expect((await client.head())?.status).toBe(101);
    await heard;
  });

  it.each([
    { name: 'its answer', bytes: message('HTTP/1.1 403 Forbidden', ['Content-Length: 2'], 'no'), status: 403 },
    { name: '200', bytes: two('HTTP/1.1 200 OK'), status: 200 },
  ])('that the origin answers with $name is none: what follows the handshake is no request', async ({ bytes, status }) => {
    await using line = await Line.start(SOCKET);
    line.origin.answering = () => ({ bytes });
    await using client = await line.connect();
    client.send(HANDSHAKE + GET);
    expect((await client.answer())?.status).toBe(status);
    expect(await client.answer()).toBeUndefined();
    await line.roundTrips();
    expect(line.origin.requests).toHaveLength(1);
    expect(line.origin.unread).toEqual(['']);
  });

  it('asked for with an expectation begins all the same, and what was expected ends here', async () => {
    await using line = await Line.start(SOCKET);
    line.origin.answering = () => ({ bytes: SWITCHED });
    await using client = await line.connect();
    client.send(head('Connection: upgrade', 'Upgrade: websocket', 'Expect: 100-continue'));
    expect((await client.head())?.status).toBe(101);
    expect(line.origin.requests[0]?.fields).not.toContain('expect');
  });

  it('has a connection of its own, which no request is sent on later', async () => {
    await using line = await Line.start(SOCKET);
    const ask = async (bytes: string): Promise<number | undefined> => {
      line.origin.answering = ({ path }) => ({ bytes: path === '/a' ? SWITCHED : two('HTTP/1.1 200 OK') });
      await line.ask(bytes);
      return line.origin.requests.at(-1)?.connection;
    };
    expect(await ask(PLAIN)).toBe(1);
    await using client = await line.connect();
    client.send(HANDSHAKE);
    expect((await client.head())?.status).toBe(101);
    expect(line.origin.requests.at(-1)?.connection).toBe(2);
    client.socket.end();
    expect(await client.closed()).toBe('end');
    expect(await ask(PLAIN.replace('/b', '/c'))).toBe(1);
  });
});

describe('HEAD', () => {
  const HEAD = head().replace('GET', 'HEAD');

  it('with another length changes nothing of the entry, and with a body makes none', async () => {
    await using line = await Line.start();
    const answers: Record<string, string> = { GET: ok('hello', 'Content-Length: 5'), HEAD: ok('a body', 'Content-Length: 6', 'X-A: of HEAD') };
    const answering: Answering = ({ method }) => ({ bytes: answers[method] ?? '' });
    line.origin.answering = answering;
    expect((await line.ask(HEAD, 'HEAD'))?.field('content-length')).toBe('6');
    expect(await line.ask(GET)).toMatchObject({ body: 'hello', complete: true });
    for (const [bytes, method] of [
      [head('Cache-Control: no-cache').replace('GET', 'HEAD'), 'HEAD'],
      [GET, 'GET'],
    ] as const) {
      await line.ask(bytes, method);
    }
    const hit = await line.ask(GET);
    expect([hit?.body, hit?.field('x-a'), hit?.field('cache-status')]).toEqual(['hello', undefined, expect.stringMatching(/^freshet; hit/)]);
    const headed = await line.ask(HEAD, 'HEAD');
    expect([headed?.body, headed?.field('content-length'), headed?.field('x-a')]).toEqual(['', '5', undefined]);
    expect(line.origin.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'HEAD']);
  });
});

const fat = (body: string): string => head(`Content-Length: ${body.length}`) + body;
const echoing: Answering = ({ body }) => ({ bytes: ok(body, `Content-Length: ${body.length}`) });

describe('a GET with a body', () => {
  it('is not answered by an entry and makes none', async () => {
    await using line = await Line.start();
    line.origin.answering = echoing;
    expect((await line.ask(fat('fat')))?.body).toBe('fat');
    expect((await line.ask(GET))?.body).toBe('');
    expect((await line.ask(fat('fatter')))?.body).toBe('fatter');
    expect((await line.ask(GET))?.field('cache-status')).toMatch(/^freshet; hit/);
    expect(line.origin.requests.map(({ body }) => body)).toEqual(['fat', '', 'fatter']);
  });

  it('shares no fetch', async () => {
    await using line = await Line.start();
    const together = Promise.withResolvers<void>();
    line.origin.answering = (request, socket) => {
      void together.promise.then(() => socket.write(echoing(request, socket)?.bytes ?? ''));
      return undefined;
    };
    const asked = [line.ask(GET), line.ask(fat('one')), line.ask(fat('two'))];
    await line.origin.seen(3);
    together.resolve();
    expect((await Promise.all(asked)).map((answer) => answer?.body)).toEqual(['', 'one', 'two']);
  });
});

describe('a wall clock that steps', () => {
  const DAY_MS = 86_400_000;

  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    { name: 'a day ahead', byMs: DAY_MS },
    { name: 'a day back', byMs: -DAY_MS },
  ])('$name neither expires an entry nor makes it younger', async ({ byMs }) => {
    await using line = await Line.start();
    line.origin.answering = () => ({ bytes: message('HTTP/1.1 200 OK', [FRESH, 'Age: 10', 'Content-Length: 2'], 'ok') });
    expect((await line.ask(GET))?.body).toBe('ok');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs });
    const answer = await line.ask(GET);
    expect(answer?.field('cache-status')).toMatch(/^freshet; hit; ttl=(?:50|49|4\d)$/);
    expect(Number(fieldValue(answer?.fields ?? [], 'age'))).toBeOneOf([10, 11, 12, 13, 14]);
    line.origin.answering = () => ({ bytes: two('HTTP/1.1 200 OK').replace('max-age=60', 'max-age=0') });
    await line.ask(GET.replace('/a', '/b'));
    await line.ask(GET.replace('/a', '/b'));
    expect(line.origin.requests).toHaveLength(3);
  });
});
