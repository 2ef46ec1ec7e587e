// SECURITY §1 row 25: several requests on one connection, and what is made of it when one of them is none. Rows of single requests are in test/security.
import { describe, expect, it } from 'vitest';
import { CANARY, get, head } from '../security/request-row.ts';
import { RawClient } from '../support/client.ts';
import { echo, Listening } from './listening.ts';

describe('RFC 9112 §9.3: one connection, several requests', () => {
  it('answers pipelined requests in order', async () => {
    const held: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => {
      held.push(() => echo(request, client));
      if (held.length === 2) for (const answer of held.toReversed()) answer();
    });
    await using client = await RawClient.connect(listening.address);
    client.send(get() + CANARY);
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/a' });
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/canary' });
  });

  it('answers the first and then refuses a malformed second, whenever the first answer comes', async () => {
    const held: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => held.push(() => echo(request, client)));
    await using client = await RawClient.connect(listening.address);
    client.send(`${get()}GET /b HTTP/1.1\r\nHost : x\r\n\r\n${CANARY}`);
    while (listening.ends.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of held) answer();
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/a' });
    expect((await client.answer())?.status).toBe(400);
    expect(await client.answer()).toBeUndefined();
    expect(listening.seen).toHaveLength(1);
  });

  it.each([
    { order: 'in order', ordered: (held: (() => void)[]) => held },
    { order: 'the last one first', ordered: (held: (() => void)[]) => held.toReversed() },
  ])('answers all that are under way when it drains, $order, and says with the last that it closes', async ({ ordered }) => {
    const held: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => held.push(() => echo(request, client)));
    await using client = await RawClient.connect(listening.address);
    client.send(get() + get() + CANARY);
    while (held.length < 3) await new Promise((resolve) => setImmediate(resolve));
    const closing = listening.close(10_000);
    for (const answer of ordered(held)) answer();
    const answers = [await client.answer(), await client.answer(), await client.answer()];
    expect(answers.map((answer) => [answer?.status, answer?.field('connection')])).toEqual([
      [200, 'keep-alive'],
      [200, 'keep-alive'],
      [200, 'close'],
    ]);
    expect(await client.answer()).toBeUndefined();
    await closing;
  });

  it('survives half a request and a reset', async () => {
    const faults: unknown[] = [];
    const note = (fault: unknown): void => void faults.push(fault);
    process.on('uncaughtException', note);
    await using listening = await Listening.start();
    const client = await RawClient.connect(listening.address);
    client.send('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab');
    while (listening.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const broken = new Promise((resolve) => listening.seen[0]?.body?.on('error', resolve));
    client.socket.resetAndDestroy();
    expect(await broken).toMatchObject({ name: 'RequestBodyError' });
    await using next = await RawClient.connect(listening.address);
    next.send(CANARY);
    expect((await next.answer())?.status).toBe(200);
    process.off('uncaughtException', note);
    expect(faults).toEqual([]);
  });

  it('hands on what is not for an origin', async () => {
    await using listening = await Listening.start();
    await using client = await RawClient.connect(listening.address);
    client.send(head('OPTIONS * HTTP/1.1', 'Host: x') + head('PURGE /a HTTP/1.1', 'Host: x'));
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ method: 'OPTIONS', path: '*' });
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ method: 'PURGE', path: '/a' });
  });

  it('believes nothing that comes behind a request with Upgrade that is served as a plain one', async () => {
    const held: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => held.push(() => echo(request, client)), { pipelined: 2 });
    await using client = await RawClient.connect(listening.address);
    client.send(head('GET /a HTTP/1.1', 'Host: x', 'Connection: upgrade', 'Upgrade: websocket'));
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    client.send(CANARY + CANARY + CANARY);
    while (listening.limits.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([listening.seen.length, listening.limits]).toEqual([1, ['limits.pipelined']]);
  });

  it('does not judge what comes behind a request with which its client closes', async () => {
    const held: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => held.push(() => echo(request, client)));
    await using client = await RawClient.connect(listening.address);
    client.send(head('GET /a HTTP/1.1', 'Host: x', 'Connection: close') + CANARY);
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of held) answer();
    expect((await client.answer())?.status).toBe(200);
    expect(await client.answer()).toBeUndefined();
    expect([listening.seen.length, listening.ends]).toEqual([1, []]);
  });

  it('makes no tunnel of a connection on which an answer is due', async () => {
    const held: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => held.push(() => echo(request, client)));
    await using client = await RawClient.connect(listening.address);
    client.send(get() + head('GET /socket HTTP/1.1', 'Host: x', 'Connection: upgrade', 'Upgrade: websocket'));
    while (listening.seen.length + listening.upgraded.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of held) answer();
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/a' });
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/socket' });
  });

  it.each([
    { name: 'another method', line: 'POST /socket HTTP/1.1', fields: [] },
    { name: 'a body', line: 'GET /socket HTTP/1.1', fields: ['Content-Length: 2'] },
    { name: 'HTTP/1.0', line: 'GET /socket HTTP/1.0', fields: [] },
  ])('takes no handshake with $name for one', async ({ line, fields }) => {
    await using listening = await Listening.start();
    await using client = await RawClient.connect(listening.address);
    client.send(`${head(line, 'Host: x', 'Connection: upgrade', 'Upgrade: websocket', ...fields)}${fields.length > 0 ? 'ab' : ''}`);
    expect((await client.answer())?.status).toBe(200);
    expect([listening.seen.length, listening.upgraded]).toEqual([1, []]);
  });

  it('hands WebSocket handshakes over on routes that permit it', async () => {
    await using listening = await Listening.start();
    await using client = await RawClient.connect(listening.address);
    client.send(`${head('GET /socket HTTP/1.1', 'Host: x', 'Connection: upgrade', 'Upgrade: websocket')}early`);
    expect((await client.head())?.status).toBe(101);
    expect(listening.upgraded.map(({ target }) => target.path)).toEqual(['/socket']);
    expect(listening.seen).toEqual([]);
  });
});

it.each([
  ['GET', 'counts as sent'],
  ['HEAD', 'is kept back, and does not count'],
])('the body of what refuses a %s %s', async (method) => {
  await using listening = await Listening.start(echo);
  await using client = await RawClient.connect(listening.address);
  client.send(head(`${method} /a HTTP/1.1`, 'Host: x', 'Host: y'));
  expect((await client.head())?.status).toBe(400);
  const sent = await client.bytes(1_000);
  expect(listening.ends).toMatchObject([{ method, status: 400, bodyBytes: sent.length }]);
});
