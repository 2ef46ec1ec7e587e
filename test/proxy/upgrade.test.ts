// A WebSocket handshake through Freshet over real sockets: piped only after the origin's 101, answered where there is none, ended by a drain.
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fieldsFromRaw } from '../../src/http/fields.ts';
import { RawClient } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { FullListener } from '../support/full-listener.ts';
import { NobodyListens } from '../support/nobody.ts';
import { ScriptedOrigin } from '../support/origin.ts';

function handshake(path: string, ...fields: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: shop.test', 'Connection: Upgrade', 'Upgrade: websocket', ...fields, '', ''].join('\r\n');
}

function config(url: string, extra = ''): string {
  return `
origins: { shop: { url: "${url}", connect_timeout: 200ms, headers_timeout: 200ms } }
limits: { drain_timeout: 100ms }
log: { level: silent, access: off }
routes: [{ path: /socket/**, origin: shop, upgrade: true }]
${extra}`;
}

/** An origin that upgrades everything and echoes what comes. */
class EchoOrigin implements AsyncDisposable {
  readonly handshakes: IncomingMessage[] = [];
  readonly #sockets = new Set<Duplex>();
  readonly #server: Server = createServer();

  static async start(): Promise<EchoOrigin> {
    const origin = new EchoOrigin();
    origin.#server.on('upgrade', (request, socket, head) => origin.#upgrade(request, socket, head));
    await new Promise<void>((resolve) => origin.#server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  reset(): void {
    for (const socket of this.#sockets) (socket as Socket).resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.handshakes.push(request);
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\nAuth-Scope: s\r\nSurrogate-Key: k\r\n\r\n${head.toString()}`,
    );
    socket.pipe(socket);
  }
}

/** Everything the client gets until it has `count` bytes after the head. */
async function received(client: RawClient, count: number): Promise<string> {
  return (await client.bytes(count)).toString();
}

describe('RFC 9110 §7.8: upgrades', () => {
  it('are refused to a client that says its own Auth-Scope', async () => {
    await using origin = await EchoOrigin.start();
    await using freshet = await RunningFreshet.start(config(origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake('/socket/a', 'Auth-Scope: gold'));
    expect([(await client.answer())?.status, origin.handshakes]).toEqual([400, []]);
  });

  it.each([
    { name: 'that nominates an end-to-end field', path: '/socket/a', fields: ['Connection: Host'], status: 400, detail: 'connection-nominates' },
    { name: 'that was here before', path: '/socket/a', fields: ['CDN-Loop: freshet'], status: 508, detail: 'loop' },
    { name: 'whose path would be another at the origin', path: '/socket/{a}', fields: [], status: 400, detail: 'bad-request' },
  ])('are refused to a request $name', async ({ path, fields, status, detail }) => {
    await using origin = await EchoOrigin.start();
    await using freshet = await RunningFreshet.start(config(origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake(path, ...fields));
    const answer = await client.answer();
    expect([answer?.status, answer?.field('cache-status'), origin.handshakes]).toEqual([status, `freshet; detail=${detail}`, []]);
  });

  it('are refused for a host that is not served', async () => {
    await using origin = await EchoOrigin.start();
    await using freshet = await RunningFreshet.start(config(origin.url, 'hosts: [other.test]'));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake('/socket/a'));
    const answer = await client.answer();
    expect([answer?.status, answer?.field('cache-status'), origin.handshakes]).toEqual([421, 'freshet; detail=host-unknown', []]);
  });

  it('are piped both ways, early bytes included, with cleaned fields', async () => {
    await using origin = await EchoOrigin.start();
    await using freshet = await RunningFreshet.start(config(origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(`${handshake('/socket/a?b=c', 'Connection: X-Hop', 'X-Hop: 1', 'X-A: 1', 'X-A: 2', 'X-Forwarded-For: 6.6.6.6')}early`);
    const head = await client.head();
    expect(head?.status).toBe(101);
    expect(head?.fields).toContain('sec-websocket-accept');
    // Fields for Freshet alone stay here.
    expect(head?.fields.filter((name) => name === 'auth-scope' || name === 'surrogate-key')).toEqual([]);
    expect(await received(client, 5)).toBe('early');
    client.send('later');
    expect(await received(client, 5)).toBe('later');
    const [request] = origin.handshakes;
    const fields = fieldsFromRaw(request?.rawHeaders ?? []);
    expect(request?.url).toBe('/socket/a?b=c');
    expect(fields.join('|')).toContain('x-a|1|x-a|2');
    expect(fields).not.toContain('x-hop');
    expect(fields[fields.indexOf('x-forwarded-for') + 1]).toBe('127.0.0.1');
    expect(fields[fields.indexOf('host') + 1]).toBe('shop.test');
  });

  it('are plain requests on routes that do not permit them', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/plain', { body: 'plain' });
    await using freshet = await RunningFreshet.start(config(origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake('/plain'));
    expect(await client.answer()).toMatchObject({ status: 200, body: 'plain' });
    expect(origin.requests[0]?.fields).not.toContain('upgrade');
  });

  it('that the origin declines get its answer, without what was meant for Freshet', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/socket/a', { status: 403, fields: ['Surrogate-Key', 'a', 'X-B', 'b'], body: 'no' });
    await using freshet = await RunningFreshet.start(config(origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake('/socket/a'));
    const answer = await client.answer();
    expect(answer).toMatchObject({ status: 403, body: 'no', complete: true });
    expect([answer?.field('x-b'), answer?.field('surrogate-key')]).toEqual(['b', undefined]);
    expect(await client.closed()).toBe('end');
  });

  it('that the origin declines with an answer it cuts are cut', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/socket/a', { status: 403, body: 'no such luck', fault: 'truncate' });
    await using freshet = await RunningFreshet.start(config(origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake('/socket/a'));
    expect((await client.answer())?.complete).toBe(false);
  });

  it.each([
    { name: 'an origin that is not there', reply: undefined, status: 502, detail: 'origin-unreachable' },
    { name: 'an origin that says nothing', reply: { fault: 'silence' } as const, status: 504, detail: 'origin-headers-timeout' },
    { name: 'an origin that resets', reply: { fault: 'reset-before-head' } as const, status: 502, detail: 'origin-reset' },
  ])('to $name are answered $status', async ({ reply, status, detail }) => {
    await using origin = await ScriptedOrigin.start();
    if (reply !== undefined) origin.on('*', reply);
    await using nobody = await NobodyListens.start();
    await using freshet = await RunningFreshet.start(config(reply === undefined ? nobody.url : origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake('/socket/a'));
    const answer = await client.answer();
    expect([answer?.status, answer?.field('cache-status')]).toEqual([status, `freshet; detail=${detail}`]);
    expect(await client.closed()).toBe('end');
  });

  it('to an origin that takes no connection are answered 504', async () => {
    await using full = await FullListener.start();
    await using freshet = await RunningFreshet.start(config(full.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake('/socket/a'));
    const answer = await client.answer();
    expect([answer?.status, answer?.field('cache-status')]).toEqual([504, 'freshet; detail=origin-connect-timeout']);
  });

  it('are cut with their origin, and nothing is said in them', async () => {
    await using origin = await EchoOrigin.start();
    await using freshet = await RunningFreshet.start(config(origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(`${handshake('/socket/a')}early`);
    await client.head();
    expect(await received(client, 5)).toBe('early');
    origin.reset();
    expect(await received(client, 1)).toBe('');
  });

  it('survive either side leaving', async () => {
    await using origin = await EchoOrigin.start();
    await using freshet = await RunningFreshet.start(config(origin.url));
    for (let i = 0; i < 5; i++) {
      const client = await RawClient.connect(freshet.address);
      client.send(handshake('/socket/a'));
      await client.head();
      client.socket.resetAndDestroy();
    }
    await using last = await RawClient.connect(freshet.address);
    last.send(handshake('/socket/a'));
    expect((await last.head())?.status).toBe(101);
    await origin[Symbol.asyncDispose]();
    expect(await last.closed()).toMatch(/end|ECONNRESET/);
  });

  it('end with a drain', async () => {
    await using origin = await EchoOrigin.start();
    const freshet = await RunningFreshet.start(config(origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send(handshake('/socket/a'));
    await client.head();
    const closing = freshet.close();
    client.send('still');
    expect(await received(client, 5)).toBe('still');
    expect(await client.closed()).toMatch(/end|ECONNRESET/);
    await closing;
  });
});
