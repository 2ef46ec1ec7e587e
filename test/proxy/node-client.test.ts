// The client of node:http, over real sockets: what every client does, and what only requests come to that are not plain (SECURITY §8, §9).
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RunError } from '../../src/errors.ts';
import { Listener } from '../../src/proxy/listener.ts';
import { RawClient } from '../support/client.ts';
import { testClient } from './client-contract.ts';
import { echo, LIMITS, Listening, NO_OPTIONS } from './listening.ts';

const REQUEST = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
const MIB = 1024 * 1024;
const POST = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n';

testClient(false);

it('an answer of unknown length ends with the connection for HTTP/1.0', async () => {
  await using listening = await Listening.start((_, client) => {
    client.informational(103, []);
    client.head(200, 'OK', []);
    client.write(Buffer.from('ok'));
    client.end();
  });
  await using client = await RawClient.connect(listening.address);
  client.send('GET /a HTTP/1.0\r\n\r\n');
  expect(await client.answer()).toMatchObject({ body: 'ok', complete: true, informational: [] });
  expect([await client.closed(), listening.faults]).toEqual(['end', []]);
});

it('a client is cut that stops in its body, but only when somebody waits for it', async () => {
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

it('says that a port is in use', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const opening = new Listener({ limits: LIMITS, ...NO_OPTIONS }).open({ host: '127.0.0.1', port });
  await expect(opening).rejects.toThrow(new RunError(`listen: cannot listen on 127.0.0.1:${port}: the port is in use`));
  await new Promise((resolve) => taken.close(resolve));
});
