// Journeys of writes: what a successful one purges before its answer is released, and what purges nothing (RFC 9111 §4.4, RFC 9875; PURGE-PROTOCOL §3.2 rule 11).
import { describe, expect, it } from 'vitest';
import type { Reply } from '../support/origin.ts';
import { RawClient } from '../support/client.ts';
import { Barrier } from '../support/origin.ts';
import { AFTER_PURGE, fresh, type Journey, play, Stage, STORED, type Step } from './journey.ts';

const HIT = 'hit; ttl=60';
const stored = (path: string, fields: readonly string[] = []): Step => ({
  ask: `GET ${path}`,
  answers: fresh('old', fields),
  expect: { cacheStatus: STORED },
});
const hits = (path: string): Step => ({ ask: `GET ${path}`, expect: { cacheStatus: HIT, body: 'old' } });
const purged = (path: string): Step => ({ ask: `GET ${path}`, answers: fresh('new'), expect: { cacheStatus: AFTER_PURGE, body: 'new' } });
const wrote = (status: number): string => `fwd=method; fwd-status=${status}; detail=method`;

/** `write` between a stored response at each path and a look at each. */
function journey(name: string, write: Step, paths: { readonly gone: readonly string[]; readonly left?: readonly string[] }, config = ''): Journey {
  const { gone, left = [] } = paths;
  return { name, config, steps: [...[...gone, ...left].map((path) => stored(path)), write, ...gone.map(purged), ...left.map(hits)] };
}

const answered = (fields: readonly string[], status = 200): Reply => ({ status, fields, body: 'done' });

const writes: readonly Journey[] = [
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'MKCOL', 'LINK'].map((method) =>
    journey(
      `${method} purges its URL, with its query`,
      { ask: `${method} /a?x=1`, body: 'b', answers: answered([]), expect: { cacheStatus: wrote(200), body: 'done' } },
      { gone: ['/a?x=1'], left: ['/a', '/a/b'] },
    ),
  ),
  ...['OPTIONS', 'TRACE', 'PROPFIND'].map((method) =>
    journey(
      `${method} is safe and purges nothing`,
      { ask: `${method} /a`, answers: answered([]), expect: { cacheStatus: wrote(200) } },
      { gone: [], left: ['/a'] },
    ),
  ),
  ...[201, 204, 302, 303].map((status) =>
    journey(
      `a ${status} purges`,
      { ask: 'POST /a', answers: answered([], status), expect: { status, cacheStatus: wrote(status) } },
      { gone: ['/a'] },
    ),
  ),
  ...[400, 404, 409, 422, 500, 503].map((status) =>
    journey(
      `a ${status} purges nothing, whatever it names`,
      {
        ask: 'POST /a',
        answers: answered(['location', '/b', 'surrogate-key-purge', 't'], status),
        expect: { status, cacheStatus: wrote(status), body: 'done' },
      },
      { gone: [], left: ['/a', '/b'] },
    ),
  ),
  journey(
    'Location and Content-Location of the same host are purged, not those of another',
    {
      ask: 'POST /a',
      answers: answered(['location', '/b', 'content-location', 'c?y=1', 'location', 'http://other.test/d'], 201),
      expect: { status: 201 },
    },
    { gone: ['/a', '/b', '/c?y=1'], left: ['/d'] },
  ),
  {
    name: "the route's invalidates are purged, expanded from its path",
    config: 'routes: [{ path: "/products/:id", tags: ["product:{id}"], invalidates: ["product:{id}", catalog] }]',
    steps: [
      stored('/products/1'),
      stored('/list', ['surrogate-key', 'catalog']),
      stored('/related', ['surrogate-key', 'product:2']),
      stored('/mentions', ['xkey', 'product:1']),
      { ask: 'PUT /products/1', body: '{}', answers: answered([]), expect: { cacheStatus: wrote(200) } },
      purged('/products/1'),
      purged('/list'),
      purged('/mentions'),
      hits('/related'),
    ],
  },
  {
    name: 'Surrogate-Key-Purge and Cache-Group-Invalidation, which goes on to the next cache while the first does not',
    steps: [
      stored('/tagged', ['surrogate-key', 'a b']),
      stored('/other', ['surrogate-key', 'c']),
      stored('/grouped', ['cache-groups', '"g"']),
      stored('/ungrouped', ['cache-groups', '"h"']),
      {
        ask: 'POST /write',
        answers: answered(['surrogate-key-purge', 'b x', 'cache-group-invalidation', '"g"']),
        expect: { fields: { 'surrogate-key-purge': undefined, 'cache-group-invalidation': '"g"' } },
      },
      purged('/tagged'),
      purged('/grouped'),
      hits('/other'),
      hits('/ungrouped'),
    ],
  },
  {
    name: 'neither does on the answer to a safe request',
    steps: [
      stored('/tagged', ['surrogate-key', 'a', 'cache-groups', '"g"']),
      { ask: 'GET /read', answers: answered(['surrogate-key-purge', 'a', 'cache-group-invalidation', '"g"']), expect: {} },
      hits('/tagged'),
    ],
  },
  journey(
    'a lost answer purges: the write may have happened',
    { ask: 'POST /a', body: 'b', answers: { fault: 'reset-before-head' }, expect: { status: 502, cacheStatus: 'fwd=method; detail=origin-reset' } },
    { gone: ['/a'] },
  ),
  {
    ...journey(
      'so does one that did not come in time',
      { ask: 'POST /a', body: 'b', answers: { fault: 'silence' }, expect: { status: 504, cacheStatus: 'fwd=method; detail=origin-headers-timeout' } },
      { gone: ['/a'] },
    ),
    origin: 'headers_timeout: 50ms',
  },
  {
    name: 'purges every variant and every scope of its URL',
    config: 'defaults: { scope: credential }',
    steps: [
      ...['one', 'two'].flatMap((user) =>
        ['de', 'en'].map((language) => ({
          ask: 'GET /a',
          fields: ['authorization', user, 'accept-language', language],
          answers: fresh('old', ['vary', 'accept-language']),
          expect: { asked: 1 },
        })),
      ),
      { ask: 'GET /a', fields: ['authorization', 'one', 'accept-language', 'de'], expect: { cacheStatus: HIT } },
      { ask: 'DELETE /a', fields: ['authorization', 'three'], answers: answered([]), expect: {} },
      ...['one', 'two'].flatMap((user) =>
        ['de', 'en'].map((language) => ({
          ask: 'GET /a',
          fields: ['authorization', user, 'accept-language', language],
          answers: fresh('new', ['vary', 'accept-language']),
          expect: { asked: 1, body: 'new' },
        })),
      ),
    ],
  },
];

const posts: readonly Journey[] = [
  {
    name: 'store_post: an answer whose Content-Location is its URL answers later GETs',
    config: 'defaults: { store_post: true }',
    steps: [
      stored('/a'),
      {
        ask: 'POST /a',
        body: 'q',
        answers: fresh('posted', ['content-location', '/a']),
        expect: { body: 'posted', cacheStatus: /^fwd=method; fwd-status=200/, sent: { 'content-length': '1' } },
      },
      { ask: 'GET /a', expect: { cacheStatus: HIT, body: 'posted' } },
      { ask: 'POST /a', body: 'q', answers: fresh('again', ['content-location', '/a']), expect: { body: 'again', asked: 1 } },
      { ask: 'GET /a', expect: { cacheStatus: HIT, body: 'again' } },
    ],
  },
  {
    name: 'store_post: not with another Content-Location, without freshness, or where the setting is off',
    config: 'routes: [{ path: /on/*, store_post: true }]',
    steps: (
      [
        ['/on/a', ['content-location', '/on/b', 'cache-control', 'max-age=60']],
        ['/on/b', ['content-location', '/on/b']],
        ['/off', ['content-location', '/off', 'cache-control', 'max-age=60']],
      ] as const
    ).flatMap(([path, fields]) => [
      { ask: `POST ${path}`, answers: { fields, body: 'posted' }, expect: { body: 'posted' } },
      { ask: `GET ${path}`, answers: fresh('got'), expect: { cacheStatus: STORED, body: 'got' } },
    ]),
  },
];

describe('writes', () => {
  it.each(writes)('$name', play);

  it('runs to its end and purges when its client leaves before the answer', async () => {
    await using stage = await Stage.start();
    await stage.play([stored('/a')]);
    const barrier = new Barrier();
    stage.origin.on('/a', { ...answered([]), barriers: { 'before-head': barrier } });
    {
      await using client = await RawClient.connect(stage.freshet.address);
      client.send('DELETE /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      await barrier.reached;
    }
    await stage.roundTrips();
    barrier.open();
    stage.origin.on('/a', fresh('new'));
    await stage.play([{ ask: 'GET /a', fields: ['host', '127.0.0.1'], eventually: true, expect: { body: 'new', asked: 'unsaid' } }]);
    expect(stage.origin.requests.filter(({ method }) => method === 'DELETE')).toMatchObject([{ complete: true }]);
  });

  it('counts as one that happened when its client leaves in the middle of it', async () => {
    await using stage = await Stage.start();
    await stage.play([{ ...stored('/a'), fields: ['host', 'shop.test'] }]);
    stage.origin.on('/a', fresh('new'));
    {
      await using client = await RawClient.connect(stage.freshet.address);
      client.send('PUT /a HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 10\r\n\r\nhalf');
      await stage.roundTrips();
    }
    await stage.play([{ ask: 'GET /a', fields: ['host', 'shop.test'], eventually: true, expect: { body: 'new', asked: 'unsaid' } }]);
    expect(stage.origin.requests.filter(({ method }) => method === 'PUT')).toMatchObject([{ complete: false }]);
  });

  it('asks for its body when the origin reads it', async () => {
    await using stage = await Stage.start();
    await using client = await RawClient.connect(stage.freshet.address);
    client.send('POST /a HTTP/1.1\r\nHost: shop.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    stage.origin.on('/a', { status: 413, body: 'no' });
    expect(await client.head()).toMatchObject({ status: 100 });
    client.send('abc');
    expect(await client.answer()).toMatchObject({ status: 413, body: 'no' });
  });

  it('a write that was never sent purges nothing', async () => {
    await using stage = await Stage.start();
    await stage.play([stored('/a')]);
    await stage.origin[Symbol.asyncDispose]();
    await stage.play([{ ask: 'DELETE /a', expect: { status: 502, cacheStatus: 'fwd=method; detail=origin-unreachable', asked: 0 } }, hits('/a')]);
  });
});

describe('answers to POST', () => it.each(posts)('$name', play));
