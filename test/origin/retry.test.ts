// What is sent a second time, and what never is: RFC 9112 §9.3.1, SECURITY §8.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { OriginRequest } from '../../src/origin/exchange.ts';
import { Barrier, ScriptedOrigin } from '../support/origin.ts';
import type { Reply } from '../support/origin.ts';
import { Setup } from './fetching.ts';

const RESET: Reply = { fault: 'reset-before-head' };

describe('RFC 9112 §9.3.1: a reset on a reused connection', () => {
  it('is retried once, on a fresh connection, and `sent` is told again', async () => {
    const { seen, connections, retried } = await afterReset({}, RESET);
    expect(seen).toMatchObject({ calls: ['sent', 'sent', 'head', 'end'], body: 'again' });
    expect(connections).toEqual([1, 2]);
    expect(retried).toEqual([false, true]);
  });

  it('does not take another connection that served before: that may be closing too', async () => {
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/warm', { barriers: { 'before-head': barrier } }).on('/', (_, nth) => (nth === 1 ? RESET : { body: 'again' }));
    await using setup = new Setup(origin.url, { connections: 2 });
    const warm = [setup.fetch({ path: '/warm' }), setup.fetch({ path: '/warm' })];
    await origin.seen(2);
    barrier.open();
    await Promise.all(warm);
    expect(await setup.fetch()).toMatchObject({ body: 'again' });
    expect(origin.requests.map(({ connection }) => connection)).toEqual([1, 2, expect.any(Number), 3]);
  });

  it.each([
    { method: 'GET', tries: 2 },
    { method: 'HEAD', tries: 2 },
    { method: 'OPTIONS', tries: 2 },
    { method: 'PUT', tries: 2 },
    { method: 'DELETE', tries: 2 },
    { method: 'POST', tries: 1 },
    { method: 'PATCH', tries: 1 },
    { method: 'LOCK', tries: 1 },
    { method: 'get', tries: 1 },
  ])('$method without a body is sent $tries times (RFC 9110 §9.2.2)', async ({ method, tries }) => {
    const { connections } = await afterReset({ method }, RESET);
    expect(connections).toHaveLength(tries);
  });

  const once: { name: string; request?: Partial<OriginRequest>; reply: Reply; reason: string }[] = [
    { name: 'a body', request: { method: 'PUT', body: Readable.from(['a']) }, reply: RESET, reason: 'origin-reset' },
    { name: 'a body that is empty', request: { method: 'PUT', body: Readable.from([]), bodyBytes: 0 }, reply: RESET, reason: 'origin-reset' },
    { name: 'a byte of an answer', reply: { raw: 'H' }, reason: 'origin-reset' },
    { name: 'an answer that had begun', reply: { raw: 'HTTP/1.1 2' }, reason: 'origin-reset' },
    { name: 'an interim answer', reply: { raw: 'HTTP/1.1 103 Early Hints\r\n\r\n' }, reason: 'origin-reset' },
    { name: 'an answer that is malformed', reply: { raw: 'SSH-2.0-OpenSSH_9.6\r\n' }, reason: 'origin-malformed' },
    { name: 'silence', reply: { fault: 'silence' }, reason: 'origin-headers-timeout' },
  ];
  it.each(once)('is not retried after $name', async ({ request = {}, reply, reason }) => {
    const { seen, connections } = await afterReset(request, reply);
    expect(seen.error).toMatchObject({ reason, requestSent: true });
    expect(connections).toHaveLength(1);
  });

  it('is not retried on a first use, nor twice', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/warm', { body: 'warm' }).on('/', { fault: 'reset-before-head' });
    await using setup = new Setup(origin.url, { connections: 1 });
    expect((await setup.fetch()).error?.reason).toBe('origin-reset');
    expect(origin.count('/')).toBe(1);
    await setup.fetch({ path: '/warm' });
    expect((await setup.fetch()).error?.reason).toBe('origin-reset');
    expect(origin.count('/')).toBe(3);
  });

  it('stops being retried when one request in ten was', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/warm', { body: 'warm' }).on('/', { fault: 'reset-before-head' });
    await using setup = new Setup(origin.url, { connections: 1 });
    for (let i = 0; i < 10; i++) {
      await setup.fetch({ path: '/warm' });
      await setup.fetch();
    }
    // One to begin with, and a tenth for each of the 20 requests.
    expect(origin.count('/') - 10).toBe(3);
  });

  it('survives an origin that closes its idle connections', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', { body: 'ok' });
    await using setup = new Setup(origin.url);
    for (let i = 0; i < 20; i++) {
      expect(await setup.fetch()).toMatchObject({ body: 'ok' });
      origin.dropConnections(i % 2 === 0 ? 'end' : 'reset');
    }
  });
});

/** What became of a request whose first try meets `reply` on a connection that served before, and which connections it was sent on. */
async function afterReset(request: Partial<OriginRequest>, reply: Reply) {
  await using origin = await ScriptedOrigin.start();
  origin.on('/warm', { body: 'warm' }).on('/', (_, nth) => (nth === 1 ? reply : { body: 'again' }));
  await using setup = new Setup(origin.url, { connections: 1, headersTimeoutMs: 100 });
  await setup.fetch({ path: '/warm' });
  const seen = await setup.fetch(request);
  const connections = origin.requests.filter(({ path }) => path === '/').map(({ connection }) => connection);
  return { seen, connections, retried: setup.ends.map(({ retried }) => retried) };
}
