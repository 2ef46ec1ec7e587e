// DESIGN §7: how a connection of the fast path ends: its client leaves, is silent or takes nothing, the listener drains, its limits change.
import { describe, expect, it } from 'vitest';
import { get, head, post } from '../security/request-row.ts';
import { RawClient } from '../support/client.ts';
import { FIRST, holdsFirst, Noting, paths } from './noting.ts';

/** Longer than any test. */
const NEVER_MS = 600_000;
const BEGUN = 'GET /b HTTP/1.1\r\nHost:';

describe('a client that leaves', () => {
  it.each<{ how: string; leave: (raw: RawClient) => void }>([
    { how: 'sends no more', leave: (raw) => raw.socket.end() },
    { how: 'closes', leave: (raw) => raw.socket.destroy() },
    { how: 'resets', leave: (raw) => raw.socket.resetAndDestroy() },
  ])('is gone for whoever works for it when it $how', async ({ leave }) => {
    await using noting = await Noting.start({ holds: () => true });
    noting.raw.send(get());
    await noting.read();
    const client = noting.held[0]?.client;
    const gone = new Promise<void>((resolve) => client?.onGone(resolve));
    leave(noting.raw);
    await gone;
    expect(client?.gone).toBe(true);
  });

  it('has the answer that is given at once', async () => {
    await using noting = await Noting.start();
    noting.raw.socket.end(get());
    expect(paths([await noting.raw.answer()])).toEqual(['/a']);
    expect([await noting.raw.closed(), noting.readers]).toEqual(['end', ['fast']]);
  });

  it('has the rest of an answer that was given whole', async () => {
    await using noting = await Noting.start({ holds: () => true });
    noting.raw.socket.pause();
    noting.raw.send(get());
    await noting.read();
    const body = Buffer.alloc(8 * 1024 * 1024, 'a');
    noting.held[0]?.client.answer(200, 'OK', [], body);
    noting.raw.socket.end();
    await noting.read();
    noting.raw.socket.resume();
    expect((await noting.raw.answer())?.bytes.equals(body)).toBe(true);
    expect(await noting.raw.closed()).toBe('end');
  });

  it('has nothing served that it sent behind what is not answered', async () => {
    await using noting = await Noting.start({ holds: holdsFirst });
    noting.raw.send(FIRST);
    await noting.read();
    noting.raw.socket.end(get());
    expect([await noting.raw.closed(), noting.readers]).toEqual(['end', ['fast']]);
  });

  it('is told so in the middle of a head', async () => {
    await using noting = await Noting.start();
    await noting.answers(get());
    noting.raw.socket.end('GET /b HTTP/1.1\r\nHost: x\r\n');
    expect((await noting.raw.answer())?.status).toBe(400);
    expect([await noting.raw.closed(), noting.listening.ends.map(({ reason }) => reason)]).toEqual(['end', ['bad-request']]);
  });

  it('is let go without a word where nothing is due', async () => {
    await using noting = await Noting.start();
    await noting.answers(get());
    noting.raw.socket.end();
    expect([await noting.raw.answer(), noting.listening.ends]).toEqual([undefined, []]);
  });
});

describe('a client that is silent', () => {
  it.each([
    { name: 'from the start', before: [], text: '' },
    { name: 'in its first head', before: [], text: BEGUN },
    { name: 'in a later head', before: [get()], text: BEGUN },
  ])('$name is judged by node:http', async ({ before, text }) => {
    await using noting = await Noting.start({ limits: { headersTimeoutMs: 50 } });
    for (const plain of before) await noting.answers(plain);
    noting.raw.send(text);
    expect((await noting.raw.answer())?.status).toBe(408);
    expect(noting.listening.limits).toEqual(['limits.headers_timeout']);
  });
});

describe('a listener that drains', () => {
  it('says with the answer that is due that it closes, and serves nothing behind it', async () => {
    await using noting = await Noting.start({ holds: holdsFirst });
    noting.raw.send(FIRST);
    await noting.read();
    noting.raw.send(get());
    await noting.read();
    const closing = noting.listening.close(NEVER_MS);
    noting.held[0]?.answer();
    const answer = await noting.raw.answer();
    expect([answer?.status, answer?.field('connection')]).toEqual([200, 'close']);
    await closing;
    expect([await noting.raw.answer(), noting.readers]).toEqual([undefined, ['fast']]);
  });

  it('waits for no request that has only begun', async () => {
    await using noting = await Noting.start();
    await noting.answers(get());
    noting.raw.send('GET /b HTTP/1.1\r\nHost: x\r\n');
    await noting.read();
    const beganAt = performance.now();
    await noting.listening.close(2_000);
    expect(performance.now() - beganAt).toBeLessThan(2_000);
    expect(await noting.raw.answer()).toBeUndefined();
  });

  it('ends a connection whose answer said that it stays open', async () => {
    await using noting = await Noting.start({ holds: holdsFirst });
    noting.raw.send(FIRST);
    await noting.read();
    noting.held[0]?.client.head(200, 'OK', ['content-length', '2']);
    expect((await noting.raw.head())?.fields).toEqual(expect.arrayContaining(['connection', 'keep-alive']));
    const closing = noting.listening.close(NEVER_MS);
    noting.held[0]?.client.write(Buffer.from('ok'));
    noting.held[0]?.client.end();
    await closing;
    expect([(await noting.raw.bytes(2)).toString(), await noting.raw.closed()]).toEqual(['ok', 'end']);
  });

  it('cuts what does not end in time', async () => {
    await using noting = await Noting.start({ holds: holdsFirst });
    noting.raw.send(FIRST);
    await noting.read();
    await noting.listening.close(1);
    expect([noting.held[0]?.client.gone, await noting.raw.answer()]).toEqual([true, undefined]);
  });
});

describe('limits that a reload changes', () => {
  it('count for the next request of a connection that is open', async () => {
    await using noting = await Noting.start();
    await noting.answers(get('a: 1'));
    noting.listening.reconfigure({ headerCount: 2 });
    expect(paths(await noting.answers(get('a: 1')))).toEqual(['/a']);
    expect(paths(await noting.answers(get('a: 1', 'b: 1')))).toEqual([431]);
    expect(noting.readers).toEqual(['fast', 'fast']);
  });

  it('count as far as node:http takes a head, which it was told at its start', async () => {
    await using noting = await Noting.start({ limits: { headerBytes: 1_024, urlBytes: 1_024 } });
    noting.listening.reconfigure({ headerBytes: 8_192, urlBytes: 1_024 });
    expect(paths(await noting.answers(get(`a: ${'a'.repeat(1_900)}`)))).toEqual(['/a']);
    expect(paths(await noting.answers(get(`a: ${'a'.repeat(2_100)}`)))).toEqual([431]);
    expect(noting.readers).toEqual(['fast']);
  });

  it('count for what it may be silent', async () => {
    await using noting = await Noting.start();
    const [before] = await noting.answers(get());
    noting.listening.reconfigure({ idleTimeoutMs: 2_000 });
    const [after] = await noting.answers(get());
    expect([before?.field('keep-alive'), after?.field('keep-alive')]).toEqual(['timeout=60', 'timeout=2']);
  });
});

describe('what was cut', () => {
  it.each([get(), post('body', 'Content-Length: 4')])('has nothing served that came behind it: %j', async (behind) => {
    await using noting = await Noting.start({ holds: holdsFirst });
    noting.raw.send(FIRST);
    await noting.read();
    noting.raw.send(behind);
    await noting.read();
    noting.held[0]?.client.destroy();
    expect(await noting.raw.answer()).toBeUndefined();
    await noting.read();
    expect(noting.readers).toEqual(['fast']);
  });

  it('leaves the listener as it was', async () => {
    await using noting = await Noting.start({ holds: holdsFirst });
    noting.raw.send(FIRST);
    await noting.read();
    noting.held[0]?.client.answer(200, 'OK', ['a', 'b\r\nc: d'], undefined);
    expect(await noting.raw.answer()).toBeUndefined();
    expect(noting.listening.faults).toHaveLength(1);
    await using other = await RawClient.connect(noting.listening.address);
    other.send(head('GET /b HTTP/1.1', 'Host: x'));
    expect(paths([await other.answer()])).toEqual(['/b']);
  });
});
