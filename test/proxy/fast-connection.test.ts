// DESIGN §7: which requests are served without node:http, and what is put back for it, over real sockets.
import { describe, expect, it } from 'vitest';
import { get, head, post } from '../security/request-row.ts';
import { FIRST, holdsFirst, Noting, paths } from './noting.ts';

describe('a connection whose requests are plain', () => {
  it('is served without node:http, request by request', async () => {
    await using noting = await Noting.start();
    const answers = [...(await noting.answers(get())), ...(await noting.answers(get('x-a: 1'))), ...(await noting.answers(get()))];
    expect(answers.map((answer) => answer?.status)).toEqual([200, 200, 200]);
    expect(noting.readers).toEqual(['fast', 'fast', 'fast']);
    expect(noting.listening.seen[1]).toEqual({
      method: 'GET',
      target: { scheme: 'http', authority: 'shop.test', path: '/a', query: '' },
      fields: ['host', 'shop.test', 'x-a', '1'],
      version: '1.1',
      peerAddress: '127.0.0.1',
    });
  });

  it.each([
    [2, 'fast'],
    [8, 'fast'],
    [9, 'node'],
  ])('in whose head %i pieces come is read by: %s', async (pieces, reader) => {
    await using noting = await Noting.start();
    const [line = '', ...rest] = get(...Array.from({ length: 9 }, (_, i) => `x-${i}: 1`)).split(/(?<=\r\n)/);
    for (let piece = 1; piece < pieces; piece++) {
      noting.raw.send(piece === 1 ? line : (rest.shift() ?? ''));
      await noting.read();
    }
    const [answer] = await noting.answers(rest.join(''));
    expect([answer?.status, noting.readers, noting.listening.seen.at(-1)?.fields.length]).toEqual([200, [reader], 20]);
  });

  it('ends with one that says so, and what comes behind it is read and dropped', async () => {
    await using noting = await Noting.start({ holds: () => true });
    noting.raw.send(get('Connection: close'));
    await noting.read();
    noting.raw.send(get());
    noting.raw.send(Buffer.alloc(16 * 1024 * 1024));
    await noting.reads(200);
    expect(noting.raw.socket.writableLength).toBe(0);
    for (const { answer } of noting.held) answer();
    const answer = await noting.raw.answer();
    expect([answer?.status, answer?.field('connection')]).toEqual([200, 'close']);
    await noting.read();
    expect([noting.raw.socket.readableEnded, noting.readers]).toEqual([true, ['fast']]);
  });
});

describe('what is handed over to node:http, with all that came of it', () => {
  it.each<{ name: string; text: string; expected: unknown[]; readers: string[] }>([
    { name: 'a POST', text: post('body', 'Content-Length: 4'), expected: ['/a'], readers: ['node'] },
    { name: 'HTTP/1.0', text: head('GET /a HTTP/1.0', 'Host: x', 'Connection: keep-alive'), expected: ['/a'], readers: ['node'] },
    {
      name: 'pipelined ones',
      text: get() + head('GET /b HTTP/1.1', 'Host: x') + post('body', 'Content-Length: 4'),
      expected: ['/a', '/b', '/a'],
      readers: ['node', 'node', 'node'],
    },
    { name: 'line breaks in front of one', text: `\r\n${get()}`, expected: ['/a'], readers: ['node'] },
    { name: 'absolute-form', text: head('GET http://x/b HTTP/1.1', 'Host: x'), expected: ['/b'], readers: ['node'] },
    { name: 'what is refused', text: get('a : 1'), expected: [400], readers: [] },
    { name: 'what is too long', text: head(`GET /${'a'.repeat(8192)} HTTP/1.1`, 'Host: x'), expected: [414], readers: [] },
  ])('$name, as the first of its connection and behind others', async ({ text, expected, readers }) => {
    for (const before of [[], [get()]]) {
      await using noting = await Noting.start();
      for (const plain of before) await noting.answers(plain);
      expect(paths(await noting.answers(text, expected.length))).toEqual(expected);
      expect(noting.readers).toEqual([...before.map(() => 'fast'), ...readers]);
    }
  });

  it('whole, where it came with all its body', async () => {
    await using noting = await Noting.start();
    const body = 'b'.repeat(60_000);
    const [answer] = await noting.answers(post(body, `Content-Length: ${body.length}`));
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ body });
  });

  it('for good', async () => {
    await using noting = await Noting.start();
    await noting.answers(post('', 'Content-Length: 0'));
    await noting.answers(get());
    expect(noting.readers).toEqual(['node', 'node']);
  });

  it('a handshake, and what came with it and comes behind it', async () => {
    await using noting = await Noting.start();
    await noting.answers(get());
    noting.raw.send(`${head('GET /socket HTTP/1.1', 'Host: x', 'Connection: upgrade', 'Upgrade: websocket')}early`);
    expect((await noting.raw.head())?.status).toBe(101);
    expect((await noting.raw.bytes(10)).toString()).toBe('head=early');
    const [tunnel] = noting.listening.tunnels;
    const late = new Promise<Buffer>((resolve) => tunnel?.once('data', resolve));
    noting.raw.send(get());
    await noting.read();
    expect(noting.readers).toEqual(['fast']);
    expect((await late).toString()).toBe(get());
    noting.raw.socket.end();
  });
});

describe('what comes while an answer is due', () => {
  it.each<{ name: string; pieces: string[]; expected: unknown[]; readers: string[] }>([
    { name: 'a plain request', pieces: [get()], expected: ['/a'], readers: ['fast'] },
    { name: 'a plain request in two pieces', pieces: [get().slice(0, 20), get().slice(20)], expected: ['/a'], readers: ['fast'] },
    { name: 'two of them', pieces: [get(), get()], expected: ['/a', '/a'], readers: ['node', 'node'] },
    { name: 'a POST', pieces: [post('body', 'Content-Length: 4')], expected: ['/a'], readers: ['node'] },
    { name: 'nonsense', pieces: ['nonsense\r\n\r\n'], expected: [400], readers: [] },
  ])('waits for it: $name', async ({ pieces, expected, readers }) => {
    await using noting = await Noting.start({ holds: holdsFirst });
    for (const piece of [FIRST, ...pieces]) {
      noting.raw.send(piece);
      await noting.read();
    }
    expect(noting.readers).toEqual(['fast']);
    noting.held[0]?.answer();
    const answers = await noting.answers('', 1 + expected.length);
    expect([paths(answers), noting.readers]).toEqual([
      ['/first', ...expected],
      ['fast', ...readers],
    ]);
  });

  it('is all answered, however much it is', async () => {
    await using noting = await Noting.start({ holds: holdsFirst });
    const count = 6_000;
    noting.raw.send(FIRST);
    await noting.read();
    noting.raw.send(get().repeat(count));
    await noting.reads(2);
    expect(noting.readers).toEqual(['fast']);
    noting.held[0]?.answer();
    const answers = await noting.answers('', 1 + count);
    expect(paths(answers)).toEqual(['/first', ...Array.from({ length: count }, () => '/a')]);
  });

  it('is not read without a bound', async () => {
    await using noting = await Noting.start({ holds: holdsFirst });
    noting.raw.send(FIRST);
    await noting.read();
    noting.raw.send(Buffer.alloc(64 * 1024 * 1024));
    await noting.reads(200);
    expect(noting.raw.socket.writableLength).toBeGreaterThan(0);
  });
});
