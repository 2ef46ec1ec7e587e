import { describe, expect, it } from 'vitest';
import { AdminServer } from '../../src/admin/server.ts';
import type { AdminParts } from '../../src/admin/pages.ts';
import { EventSources } from '../../src/events/sources.ts';
import { RunError } from '../../src/errors.ts';
import { type Answer, type Asking, get, RawClient } from '../support/client.ts';
import { startAdmin } from './admin.ts';

function parsed(answer: Answer): unknown {
  return JSON.parse(answer.body);
}

function detailOf(answer: Answer): unknown {
  return (parsed(answer) as { detail: unknown }).detail;
}

/** What a client sees whose connection is closed while it still sends. */
const CUT_OFF = /^(ECONNRESET|EPIPE)$/;

const ALL_HEALTHY = { host: '127.0.0.1' };

describe('pages', () => {
  it.each([
    { path: '/v1/health', status: 200, body: '{"status":"ok"}\n', type: 'application/json' },
    { path: '/v1/ready', status: 200, body: '{"status":"ready"}\n', type: 'application/json' },
    { path: '/metrics', status: 200, body: 'freshet_up 1\n', type: 'text/plain; version=0.0.4; charset=utf-8' },
    { path: '/v1/purges', status: 200, body: '{"purges":[]}\n', type: 'application/json' },
    { path: '/v1/config', status: 200, body: '{"listen":"somewhere","token":"***"}\n', type: 'application/json' },
    { path: '/v1/entries', status: 200, body: '{"entries":[],"next":null}\n', type: 'application/json' },
  ])('GET $path', async ({ path, status, body, type }) => {
    await using admin = await startAdmin();
    const answer = await get(admin.address, path);
    expect(answer).toMatchObject({ status, body });
    expect(answer.field('content-type')).toBe(type);
    expect(answer.field('cache-control')).toBe('no-store');
    expect(answer.field('access-control-allow-origin')).toBeUndefined();
    const head = await get(admin.address, path, { method: 'HEAD' });
    expect(head).toMatchObject({ status, body: '' });
    expect(head.field('content-length')).toBe(String(body.length));
  });

  it('says when it is not ready', async () => {
    await using admin = await startAdmin({ ready: () => false });
    expect((await get(admin.address, '/v1/ready')).status).toBe(503);
    expect((await get(admin.address, '/v1/health')).status).toBe(200);
  });

  it.each([
    { name: 'no such page', path: '/v1', method: 'GET', status: 404, allow: undefined },
    { name: 'a page in other letters', path: '/V1/health', method: 'GET', status: 404, allow: undefined },
    { name: 'POST to a page', path: '/v1/config', method: 'POST', status: 405, allow: 'GET, HEAD' },
    { name: 'GET of an action', path: '/v1/purge', method: 'GET', status: 405, allow: 'POST' },
    { name: 'preflight', path: '/v1/purge', method: 'OPTIONS', status: 405, allow: 'POST' },
  ])('$name: $status', async ({ path, method, status, allow }) => {
    await using admin = await startAdmin();
    const answer = await get(admin.address, path, { method });
    expect(answer.status).toBe(status);
    expect(answer.field('allow')).toBe(allow);
    expect(answer.field('content-type')).toBe('application/problem+json');
    expect(parsed(answer)).toMatchObject({ status });
  });

  it('keeps a connection, also after a refusal', async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.address);
    for (const path of ['/v1/health', '/nothing', '/v1/health']) {
      client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      expect((await client.answer())?.status).toBe(path === '/nothing' ? 404 : 200);
    }
  });

  it('answers 500 without the cause, and logs it', async () => {
    await using admin = await startAdmin({
      config: () => {
        throw new Error('inner secret');
      },
    });
    const answer = await get(admin.address, '/v1/config');
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('inner secret');
    expect(admin.lines).toEqual(['an admin request failed']);
    expect((await get(admin.address, '/v1/health')).status).toBe(200);
  });

  it('rejects where the port is in use', async () => {
    await using admin = await startAdmin();
    const second = new AdminServer({} as AdminParts);
    await expect(second.open(admin.address)).rejects.toThrow(RunError);
  });
});

const SECRETS = { token: 'admin-token', purgeToken: 'purge-token' };

describe('tokens', () => {
  const purge: Asking = { method: 'POST', body: '{"tags":["a"]}' };
  it.each<{ name: string; path: string; asking: Asking; authorization?: string; status: number }>([
    { name: 'health needs none', path: '/v1/health', asking: {}, status: 200 },
    { name: 'readiness needs none', path: '/v1/ready', asking: {}, status: 200 },
    { name: 'none', path: '/v1/entries', asking: {}, status: 401 },
    { name: 'none, for metrics', path: '/metrics', asking: {}, status: 401 },
    { name: 'none, for no page', path: '/nothing', asking: {}, status: 401 },
    { name: 'none, to purge', path: '/v1/purge', asking: purge, status: 401 },
    { name: 'none, to PURGE', path: '/a', asking: { method: 'PURGE' }, status: 401 },
    { name: 'wrong', path: '/v1/config', asking: {}, authorization: 'Bearer admin-tokem', status: 401 },
    { name: 'longer', path: '/v1/config', asking: {}, authorization: 'Bearer admin-token1', status: 401 },
    { name: 'as Basic', path: '/v1/config', asking: {}, authorization: 'Basic admin-token', status: 401 },
    { name: 'the admin token', path: '/v1/config', asking: {}, authorization: 'Bearer admin-token', status: 200 },
    { name: 'the admin token, to purge', path: '/v1/purge', asking: purge, authorization: 'Bearer admin-token', status: 200 },
    { name: 'the purge token, to purge', path: '/v1/purge', asking: purge, authorization: 'bearer purge-token', status: 200 },
    { name: 'the purge token, to PURGE', path: '/a', asking: { method: 'PURGE' }, authorization: 'Bearer purge-token', status: 200 },
    { name: 'the purge token, for more', path: '/v1/entries', asking: {}, authorization: 'Bearer purge-token', status: 403 },
    {
      name: 'the purge token, to explain',
      path: '/v1/explain',
      asking: { method: 'POST', body: '{}' },
      authorization: 'Bearer purge-token',
      status: 403,
    },
    { name: 'in the query', path: '/v1/config?token=admin-token', asking: {}, status: 401 },
  ])('$name: $status', async ({ path, asking, authorization, status }) => {
    await using admin = await startAdmin({ secrets: SECRETS });
    const answer = await get(admin.address, path, { ...asking, fields: authorization === undefined ? [] : ['authorization', authorization] });
    expect(answer.status).toBe(status);
    expect(answer.field('www-authenticate')?.startsWith('Bearer ')).toBe(status === 401 ? true : undefined);
    expect(admin.log.recent()).toHaveLength(status === 200 && asking.method !== undefined ? 1 : 0);
    expect(admin.lines).toHaveLength(status === 200 ? 0 : 1);
    expect(admin.lines.join()).not.toMatch(/(admin|purge)-token|Basic/);
    if (status !== 200) expect(admin.lines[0]).toContain(JSON.stringify(detailOf(answer)));
  });

  it('twice are wrong', async () => {
    await using admin = await startAdmin({ secrets: SECRETS });
    await using client = await RawClient.connect(admin.address);
    client.send('GET /v1/config HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin-token\r\nAuthorization: Bearer admin-token\r\n\r\n');
    expect((await client.answer())?.status).toBe(401);
  });
});

describe('browsers', () => {
  it.each<{ name: string; asking: Asking; path?: string; status: number }>([
    { name: 'a form of a foreign page', asking: { method: 'POST', body: '{"all":true}', fields: ['origin', 'https://evil.example'] }, status: 403 },
    { name: 'a page without an origin', asking: { method: 'POST', body: '{"all":true}', fields: ['origin', 'null'] }, status: 403 },
    {
      name: 'a rebound page',
      asking: { method: 'PURGE', fields: ['origin', 'http://evil.example:8081', 'host', 'evil.example'] },
      path: '/',
      status: 403,
    },
    { name: 'a page by its metadata', asking: { method: 'POST', body: '{"all":true}', fields: ['sec-fetch-site', 'same-origin'] }, status: 403 },
    { name: 'no page', asking: { method: 'POST', body: '{"all":true}' }, status: 200 },
  ])('purge from $name: $status', async ({ asking, path = '/v1/purge', status }) => {
    await using admin = await startAdmin();
    expect((await get(admin.address, path, asking)).status).toBe(status);
    expect(admin.log.recent()).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each(['GET', 'HEAD'])('show a page to who opens it: %s', async (method) => {
    await using admin = await startAdmin();
    expect((await get(admin.address, '/v1/health', { method, fields: ['sec-fetch-site', 'none'] })).status).toBe(200);
  });

  it.each([
    { host: 'localhost', status: 200 },
    { host: 'localhost:9999', status: 200 },
    { host: 'LOCALHOST.', status: 200 },
    { host: '127.0.0.53:8081', status: 200 },
    { host: '[::1]:8081', status: 200 },
    { host: 'evil.example', status: 421 },
    { host: 'localhost.evil.example', status: 421 },
    { host: '127.0.0.1.evil.example', status: 421 },
    { host: '10.0.0.1', status: 421 },
    { host: 'a@b', status: 400 },
  ])('on loopback, Host: $host gets $status', async ({ host, status }) => {
    await using admin = await startAdmin();
    expect((await get(admin.address, '/v1/entries', { fields: ['host', host] })).status).toBe(status);
  });

  it('elsewhere, any Host is right, since a token is needed', async () => {
    await using admin = await startAdmin({ host: '0.0.0.0', secrets: SECRETS });
    expect((await get(admin.address, '/v1/config', { fields: ['host', 'admin.internal', 'authorization', 'Bearer admin-token'] })).status).toBe(200);
  });
});

describe('purging', () => {
  it('of tags makes their entries unusable, and leaves a receipt', async () => {
    await using admin = await startAdmin(ALL_HEALTHY);
    admin.fill('/a', ['x']);
    const answer = await get(admin.address, '/v1/purge', { method: 'POST', body: '{"tags":["x"],"reason":"price"}' });
    expect(parsed(answer)).toMatchObject({ state: 'confirmed', guarantee: 'linearizable', tags: 1 });
    expect(parsed(await get(admin.address, '/v1/entries?tag=x'))).toMatchObject({ entries: [{ verdict: 'purged' }] });
    expect(parsed(await get(admin.address, '/v1/purges'))).toMatchObject({
      purges: [{ at: '1970-01-01T00:16:40.000Z', actor: '127.0.0.1', reason: 'price', what: 'tag=x' }],
    });
  });

  it('of a URL takes the Host that a client would send', async () => {
    await using admin = await startAdmin();
    admin.fill('/a', []);
    admin.fill('/b', []);
    expect((await get(admin.address, '/a', { method: 'PURGE', fields: ['host', 'shop.example'] })).status).toBe(200);
    expect(parsed(await get(admin.address, '/v1/entries?url=/a'))).toMatchObject({ entries: [{ verdict: 'purged' }] });
    expect(parsed(await get(admin.address, '/v1/entries?url=/b'))).toMatchObject({ entries: [{ verdict: 'ok' }] });
  });

  it.each<{ name: string; body: string | Buffer; status: number }>([
    { name: 'no JSON', body: 'tags=a', status: 400 },
    { name: 'nothing', body: '', status: 400 },
    { name: 'no UTF-8', body: Buffer.from('{"tags":["\xff"]}', 'latin1'), status: 400 },
    { name: 'a claim that is no UTF-8', body: Buffer.from('{"scopes":[{"sub":"\xff"}]}', 'latin1'), status: 400 },
    { name: 'too much', body: `{"reason":"${'a'.repeat(70_000)}"}`, status: 413 },
    { name: 'far too much', body: Buffer.alloc(4_000_000, 97), status: 413 },
  ])('with $name is $status, and the listener lives', async ({ body, status }) => {
    await using admin = await startAdmin();
    const answer = await get(admin.address, '/v1/purge', { method: 'POST', body }).catch((error: NodeJS.ErrnoException) => error.code);
    if (typeof answer === 'object') expect(answer.status).toBe(status);
    else
      expect([answer, body.length > 1_000_000], 'only a large body may be cut off while it is sent').toEqual([expect.stringMatching(CUT_OFF), true]);
    expect(admin.log.recent()).toEqual([]);
    expect((await get(admin.address, '/v1/health')).status).toBe(200);
  });

  it('by PURGE with a body is refused, and the connection serves the next', async () => {
    await using admin = await startAdmin();
    admin.fill('/', []);
    await using client = await RawClient.connect(admin.address);
    client.send('PURGE / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 14\r\n\r\n{"tags":["x"]}');
    client.send('GET /v1/entries HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const answer = await client.answer();
    expect([answer?.status, answer?.body]).toEqual([400, expect.stringContaining('POST /v1/purge')]);
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ entries: [{ verdict: 'ok' }] });
    expect(admin.log.recent()).toEqual([]);
  });

  it('refused for its size leaves a line', async () => {
    await using admin = await startAdmin();
    await get(admin.address, '/v1/purge', { method: 'POST', body: Buffer.alloc(70_000, 97) });
    expect(admin.lines).toEqual([expect.stringMatching(/^an admin request was refused .*"status":413.*over 65536 bytes/)]);
  });
});

describe('explain', () => {
  it('hands the request on as data', async () => {
    await using admin = await startAdmin();
    const body = JSON.stringify({ method: 'GET', url: 'http://Shop.example:80/a?b', fields: [['Accept', 'text/html']] });
    expect(parsed(await get(admin.address, '/v1/explain', { method: 'POST', body }))).toEqual({
      asked: 'GET shop.example /a?b',
      fields: ['accept', 'text/html'],
    });
  });

  it.each([
    ['the host of its field', { method: 'GET', url: '/a', fields: [['Host', 'h.example']] }, 'GET h.example /a'],
    ['no host', { method: 'DELETE', url: '/a' }, 'DELETE  /a'],
  ])('takes %s', async (_name, question, asked) => {
    await using admin = await startAdmin();
    expect(parsed(await get(admin.address, '/v1/explain', { method: 'POST', body: JSON.stringify(question) }))).toMatchObject({ asked });
  });

  it.each([
    '',
    '[]',
    '{}',
    '{"method":"GET"}',
    '{"method":"G T","url":"/"}',
    '{"method":"GET","url":"ftp://a/"}',
    '{"method":"GET","url":"/","fields":[["a","b\\n"]]}',
    '{"method":"GET","url":"/","body":1}',
    '{"method":"GET","url":"/a/../b"}',
  ])('refuses %s', async (body) => {
    await using admin = await startAdmin();
    expect((await get(admin.address, '/v1/explain', { method: 'POST', body })).status).toBe(400);
  });
});

describe('what is no request', () => {
  it.each([
    { name: 'an unread body', bytes: 'GET /v1/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n', status: 200 },
    {
      name: 'too large a body',
      bytes: `POST /v1/purge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n${'a'.repeat(70_000)}`,
      status: 413,
    },
  ])('$name ends the connection', async ({ bytes, status }) => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.address);
    client.send(bytes);
    const answer = await client.answer();
    expect(answer?.status).toBe(status);
    expect(answer?.field('connection')).toBe('close');
    await client.closed();
  });

  it.each([
    'garbage\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'GET /\u0000 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    `GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
  ])('gets 400: %j', async (bytes) => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.address);
    client.send(bytes);
    expect((await client.answer())?.status).toBe(400);
  });

  it('a client that leaves in its body ends its request only', async () => {
    await using admin = await startAdmin();
    const client = await RawClient.connect(admin.address);
    client.send('POST /v1/purge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"tags');
    await client[Symbol.asyncDispose]();
    expect((await get(admin.address, '/v1/health')).status).toBe(200);
    expect(admin.log.recent()).toEqual([]);
  });
});

it('asks for the token again where a reload while the body came does', async () => {
  let asked = 0;
  const taken: string[] = [];
  const endpoint = {
    get isSigned() {
      return asked++ === 0;
    },
    answer: ({ body }: { readonly body: string }) => {
      taken.push(body);
      return Promise.resolve({ status: 200, fields: [], body: '' });
    },
  };
  await using admin = await startAdmin({ secrets: { token: 'secret' }, events: { endpoint, sources: new EventSources([]) } });
  expect((await get(admin.address, '/v1/events', { method: 'POST', body: '{}' })).status).toBe(401);
  expect(taken).toEqual([]);
  expect(admin.lines).toHaveLength(1);
});
