// The client of the fast path, over real sockets: what every client does; and the bytes of an answer, which are its own and nobody else's.
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/proxy/client.ts';
import { get, head } from '../security/request-row.ts';
import { RawClient } from '../support/client.ts';
import { testClient } from './client-contract.ts';
import { Noting } from './noting.ts';

testClient(true);

const HEAD = head('HEAD /a HTTP/1.1', 'Host: x');
const OK = { status: 200, statusText: 'OK', lines: 'content-length: 2\r\ndate: x\r\n', body: Buffer.from('ok') };

/** A client that waits for what the test says. */
async function waiting(request = get()): Promise<{ noting: Noting; client: Client }> {
  const noting = await Noting.start({ holds: () => true });
  noting.raw.send(request);
  await noting.read();
  const client = noting.held[0]?.client;
  if (client === undefined) throw new Error('nobody asked');
  return { noting, client };
}

/** The next bytes are those of the answer that the next request of the connection gets. */
async function isInStep(noting: Noting): Promise<boolean> {
  noting.raw.send(get());
  await noting.read();
  noting.held[1]?.client.answer(299, 'Next', ['content-length', '0', 'date', 'x'], undefined);
  const first = await noting.raw.bytes('HTTP/1.1 299 Next\r\n'.length);
  return first.toString() === 'HTTP/1.1 299 Next\r\n';
}

describe('the bytes of an answer', () => {
  const keepAlive = 'Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n';
  it.each<{ name: string; request?: string; tell: (client: Client) => void; expected: string }>([
    {
      name: 'with a length',
      tell: (client) => client.answer(200, 'Fine', ['a', '\xe9', 'date', 'x'], Buffer.from('ok')),
      expected: `HTTP/1.1 200 Fine\r\na: \xe9\r\ndate: x\r\ncontent-length: 2\r\n${keepAlive}\r\nok`,
    },
    {
      name: 'without a text for its status',
      tell: (client) => client.answer(200, '', ['date', 'x'], Buffer.from('ok')),
      expected: `HTTP/1.1 200 \r\ndate: x\r\ncontent-length: 2\r\n${keepAlive}\r\nok`,
    },
    {
      name: 'in pieces, none of which ends it by being empty',
      tell: (client) => {
        client.head(200, 'OK', ['date', 'x']);
        for (const piece of ['o', '', 'k'.repeat(17)]) client.write(Buffer.from(piece));
        client.end();
      },
      expected: `HTTP/1.1 200 OK\r\ndate: x\r\n${keepAlive}Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n11\r\n${'k'.repeat(17)}\r\n0\r\n\r\n`,
    },
    {
      name: 'in pieces of a length',
      tell: (client) => {
        client.head(200, 'OK', ['date', 'x', 'content-length', '3']);
        for (const piece of ['o', '', 'ks']) client.write(Buffer.from(piece));
        client.end();
      },
      expected: `HTTP/1.1 200 OK\r\ndate: x\r\ncontent-length: 3\r\n${keepAlive}\r\noks`,
    },
    {
      name: 'in no pieces at all',
      tell: (client) => {
        client.head(200, 'OK', ['date', 'x']);
        client.end();
      },
      expected: `HTTP/1.1 200 OK\r\ndate: x\r\n${keepAlive}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    },
    {
      name: 'to HEAD, in pieces',
      request: HEAD,
      tell: (client) => {
        client.head(200, 'OK', ['date', 'x', 'content-length', '3']);
        client.write(Buffer.from('oks'));
        client.end();
      },
      expected: `HTTP/1.1 200 OK\r\ndate: x\r\ncontent-length: 3\r\n${keepAlive}\r\n`,
    },
    {
      name: 'to HEAD, of unknown length',
      request: HEAD,
      tell: (client) => {
        client.head(200, 'OK', ['date', 'x']);
        client.write(Buffer.from('oks'));
        client.end();
      },
      expected: `HTTP/1.1 200 OK\r\ndate: x\r\n${keepAlive}\r\n`,
    },
    {
      name: 'to HEAD, at once',
      request: HEAD,
      tell: (client) => client.answer(200, 'OK', ['date', 'x'], Buffer.from('ok')),
      expected: `HTTP/1.1 200 OK\r\ndate: x\r\ncontent-length: 2\r\n${keepAlive}\r\n`,
    },
    ...[204, 304].map((status) => ({
      name: `with ${status}`,
      tell: (client: Client) => {
        client.head(status, 'None', ['date', 'x']);
        client.end();
      },
      expected: `HTTP/1.1 ${status} None\r\ndate: x\r\n${keepAlive}\r\n`,
    })),
    {
      name: 'with 304 and the length of what it stands for',
      tell: (client) => client.answer(304, 'None', ['date', 'x', 'content-length', '9'], undefined),
      expected: `HTTP/1.1 304 None\r\ndate: x\r\ncontent-length: 9\r\n${keepAlive}\r\n`,
    },
    {
      name: 'with lines',
      tell: (client) => client.answerLines(OK),
      expected: `HTTP/1.1 200 OK\r\n${OK.lines}${keepAlive}\r\nok`,
    },
    {
      name: 'with lines and a text',
      tell: (client) => client.answerLines({ ...OK, body: 'o\xe9' }),
      expected: `HTTP/1.1 200 OK\r\n${OK.lines}${keepAlive}\r\no\xe9`,
    },
    {
      name: 'with lines, to HEAD',
      request: HEAD,
      tell: (client) => client.answerLines(OK),
      expected: `HTTP/1.1 200 OK\r\n${OK.lines}${keepAlive}\r\n`,
    },
    {
      name: 'behind those of 1xx, of which there are no others than 102 to 199',
      tell: (client) => {
        for (const status of [99, 100, 101, 102, 103, 199, 200]) client.informational(status, ['a', String(status)]);
        client.answerLines(OK);
      },
      expected: `HTTP/1.1 102 Processing\r\na: 102\r\n\r\nHTTP/1.1 103 Early Hints\r\na: 103\r\n\r\nHTTP/1.1 199 unknown\r\na: 199\r\n\r\nHTTP/1.1 200 OK\r\n${OK.lines}${keepAlive}\r\nok`,
    },
    {
      name: 'that ends its connection',
      request: get('Connection: close'),
      tell: (client) => client.answerLines(OK),
      expected: `HTTP/1.1 200 OK\r\n${OK.lines}Connection: close\r\n\r\nok`,
    },
  ])('$name', async ({ request, tell, expected }) => {
    const { noting, client } = await waiting(request);
    await using server = noting;
    expect(() => tell(client)).not.toThrow();
    expect((await server.raw.bytes(expected.length)).toString('latin1')).toBe(expected);
    expect(server.listening.faults).toEqual([]);
    if (request !== get('Connection: close')) expect(await isInStep(server)).toBe(true);
  });

  it('begin with the head, however long the body takes', async () => {
    const { noting, client } = await waiting();
    await using server = noting;
    client.head(200, 'OK', ['date', 'x', 'content-length', '2']);
    await server.read();
    expect(server.raw.socket.bytesRead).toBe(`HTTP/1.1 200 OK\r\n${OK.lines}${keepAlive}\r\n`.length);
    client.destroy();
    await server.read();
    expect(server.listening.faults).toEqual([]);
  });

  it('have the time of the world where they have no Date', async () => {
    const { noting, client } = await waiting();
    await using server = noting;
    const before = Date.now();
    client.answer(200, 'OK', [], undefined);
    const date = (await server.raw.answer())?.field('date') ?? '';
    expect(date).toBe(new Date(date).toUTCString());
    expect(Date.parse(date)).toBeGreaterThan(before - 1_000);
    expect(Date.parse(date)).toBeLessThanOrEqual(Date.now());
  });
});

describe('what is told of an answer that is given', () => {
  it.each<{ name: string; tell: (client: Client) => void }>([
    { name: 'a 1xx', tell: (client) => client.informational(103, []) },
    { name: 'a head', tell: (client) => client.head(500, 'No', []) },
    { name: 'more of a body', tell: (client) => client.write(Buffer.from('more')) },
    { name: 'an end', tell: (client) => client.end() },
    { name: 'another answer', tell: (client) => client.answer(500, 'No', [], Buffer.from('no')) },
    { name: 'another answer of lines', tell: (client) => client.answerLines(OK) },
    { name: 'that it is cut', tell: (client) => client.destroy() },
  ])('goes nowhere: $name', async ({ tell }) => {
    for (const isChunked of [false, true]) {
      const { noting, client } = await waiting();
      await using server = noting;
      client.head(200, 'OK', isChunked ? [] : ['content-length', '2']);
      client.write(Buffer.from('ok'));
      client.end();
      tell(client);
      expect(await server.raw.answer()).toMatchObject({ status: 200, body: 'ok', complete: true });
      expect([client.gone, server.listening.faults, await isInStep(server)]).toEqual([false, [], true]);
    }
  });
});

describe('what is told of a client that left', () => {
  it('goes nowhere', async () => {
    const { noting, client } = await waiting();
    await using server = noting;
    const gone = new Promise<void>((resolve) => client.onGone(resolve));
    server.raw.socket.resetAndDestroy();
    await gone;
    client.informational(103, []);
    client.head(200, 'OK', ['content-length', '2']);
    client.answer(200, 'OK', [], undefined);
    client.answerLines(OK);
    expect([client.write(Buffer.from('more than two')), client.headSent]).toEqual([true, false]);
    client.end();
    client.destroy();
    await server.read();
    expect(server.listening.faults).toEqual([]);
  });
});

describe('a lie is never a whole answer', () => {
  it.each<{ name: string; tell: (client: Client) => void }>([
    {
      name: 'a body shorter than said',
      tell: (client) => {
        client.head(200, 'OK', ['content-length', '3']);
        client.write(Buffer.from('ok'));
        client.end();
      },
    },
    {
      name: 'a body longer than said',
      tell: (client) => {
        client.head(200, 'OK', ['content-length', '3']);
        for (const piece of ['ok', 'ok']) client.write(Buffer.from(piece));
      },
    },
    { name: 'no body where one was said', tell: (client) => client.answer(200, 'OK', ['content-length', '3'], undefined) },
    { name: 'a body at once that is longer than said', tell: (client) => client.answer(200, 'OK', ['content-length', '1'], Buffer.from('ok')) },
    { name: 'a body at once that is shorter than said', tell: (client) => client.answer(200, 'OK', ['content-length', '3'], Buffer.from('ok')) },
    { name: 'a body of what has none', tell: (client) => client.answer(204, '', [], Buffer.from('ok')) },
    { name: 'a name that is none', tell: (client) => client.answer(200, 'OK', ['a b', 'c'], undefined) },
    { name: 'a name with a colon', tell: (client) => client.head(200, 'OK', ['a:', 'c']) },
    { name: 'no name', tell: (client) => client.answer(200, 'OK', ['', 'c'], undefined) },
    { name: 'a value with a NUL', tell: (client) => client.answer(200, 'OK', ['a', 'b\0c'], undefined) },
    { name: 'a value with a line break', tell: (client) => client.informational(103, ['a', 'b\nc: d']) },
    { name: 'a value that is not latin1', tell: (client) => client.answer(200, 'OK', ['a', '\u{10a}'], undefined) },
    { name: 'a status text with a line break', tell: (client) => client.answer(200, 'OK\r\na: b', [], undefined) },
    { name: 'a status below all', tell: (client) => client.answer(99, 'OK', [], undefined) },
    { name: 'a status above all', tell: (client) => client.head(1000, 'OK', []) },
    { name: 'a status that is no number', tell: (client) => client.head(Number.NaN, 'OK', []) },
  ])('$name', async ({ tell }) => {
    const { noting, client } = await waiting();
    await using server = noting;
    const told: string[] = [];
    client.onGone(() => told.push('gone'));
    tell(client);
    expect([client.gone, told, server.listening.faults.length]).toEqual([true, ['gone'], 1]);
    client.end();
    expect((await server.raw.answer())?.complete ?? false).toBe(false);
    expect(server.listening.faults).toHaveLength(1);
  });
});

/** As many bytes as it says, no two neighbours of which are the same. */
function pattern(bytes: number, seed: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) buffer[i] = (i * 7 + seed + (i >> 8)) & 0xff;
  return buffer;
}

describe('an answer that the kernel does not take at once', () => {
  it.each<{ how: string; give: (client: Client, body: Buffer) => void }>([
    { how: 'at once', give: (client, body) => client.answer(200, 'OK', [], body) },
    {
      how: 'piece by piece',
      give: (client, body) => {
        let given = 0;
        const more = (): void => {
          while (given < body.length) if (!client.write(body.subarray(given, (given += 50_000)))) return;
          client.end();
        };
        client.onDrain(more);
        client.head(200, 'OK', []);
        more();
      },
    },
  ])('is whole, and the next one too, given $how', async ({ give }) => {
    const { noting, client } = await waiting();
    await using server = noting;
    const body = pattern(8 * 1024 * 1024, 1);
    server.raw.socket.pause();
    give(client, body);
    server.raw.send(get());
    await server.reads(3);
    expect(server.held).toHaveLength(1);
    server.raw.socket.resume();
    expect((await server.raw.answer())?.bytes.equals(body)).toBe(true);
    await server.reads(3);
    expect(server.held).toHaveLength(2);
    server.held[1]?.answer();
    expect((await server.raw.answer())?.status).toBe(200);
  });

  it('keeps its bytes while others are answered', async () => {
    await using noting = await Noting.start({ holds: () => true });
    noting.raw.socket.pause();
    const bodies: Buffer[] = [];
    // Until one waits, and the request behind it.
    while (noting.held.length === bodies.length) {
      noting.raw.send(get());
      await noting.read();
      const client = noting.held[bodies.length]?.client;
      if (client === undefined) break;
      bodies.push(pattern(30_000, bodies.length));
      client.answer(200, 'OK', [], bodies.at(-1));
    }
    await using other = await RawClient.connect(noting.listening.address);
    for (let i = 0; i < 3; i++) {
      const { length } = noting.held;
      other.send(get());
      await noting.read();
      noting.held[length]?.client.answer(200, 'OK', [], Buffer.alloc(30_000, 'other'));
      expect((await other.answer())?.bytes.length).toBe(30_000);
    }
    noting.raw.socket.resume();
    for (const body of bodies) expect((await noting.raw.answer())?.bytes.equals(body)).toBe(true);
  });
});
