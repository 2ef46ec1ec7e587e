// Journeys of things that go wrong at the origin: a clear answer, nothing stored that is not whole, and Freshet lives (SECURITY §2, §10).
import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/client.ts';
import { Barrier, ScriptedOrigin } from '../support/origin.ts';
import type { Reply } from '../support/origin.ts';
import { fresh, type Journey, play, Stage, STORED, type Step } from './journey.ts';

const HIT = 'hit; ttl=60';
const PROBLEM = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
const fine: Step = { ask: 'GET /a', answers: fresh('fine'), expect: { cacheStatus: STORED, body: 'fine' } };

interface Failure {
  readonly name: string;
  readonly reply: Reply;
  readonly status: number;
  readonly reason: string;
}

const FAILURES: readonly Failure[] = [
  { name: 'a reset', reply: { fault: 'reset-before-head' }, status: 502, reason: 'origin-reset' },
  { name: 'an end without an answer', reply: { raw: '' }, status: 502, reason: 'origin-reset' },
  { name: 'half a head', reply: { raw: 'HTTP/1.1 200 OK\r\nx: y' }, status: 502, reason: 'origin-reset' },
  { name: 'garbage', reply: { raw: 'SSH-2.0-OpenSSH\r\n\r\n' }, status: 502, reason: 'origin-malformed' },
  {
    name: 'a header beyond all limits',
    reply: { fields: ['cache-control', 'max-age=60', 'x', 'y'.repeat(80_000)] },
    status: 502,
    reason: 'origin-malformed',
  },
  {
    name: 'two lengths',
    reply: { raw: 'HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab' },
    status: 502,
    reason: 'origin-malformed',
  },
  {
    name: 'a length and chunks',
    reply: { raw: 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n' },
    status: 502,
    reason: 'origin-malformed',
  },
  { name: 'a 304 that nobody asked for', reply: { status: 304 }, status: 502, reason: 'origin-malformed' },
  {
    name: 'a 101 that nobody asked for',
    reply: { raw: 'HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n' },
    status: 502,
    reason: 'origin-malformed',
  },
  { name: 'silence', reply: { fault: 'silence' }, status: 504, reason: 'origin-headers-timeout' },
];

const failures: readonly Journey[] = FAILURES.map(({ name, reply, status, reason }) => ({
  name: `${name}: ${status}`,
  origin: 'headers_timeout: 50ms',
  steps: [
    {
      ask: 'GET /a',
      answers: reply,
      expect: {
        status,
        cacheStatus: `fwd=uri-miss; detail=${reason}`,
        fields: PROBLEM,
        asked: 'unsaid',
        body: new RegExp(`"type":"urn:problem-type:freshet:${reason}"`),
      },
    },
    fine,
  ],
}));

interface Cut {
  readonly name: string;
  readonly reply: Reply;
}

const CHUNKED: Reply = { ...fresh('0123456789'), framing: 'chunked' };
const CUTS: readonly Cut[] = [
  { name: 'a body shorter than its length', reply: { ...fresh('0123456789'), fault: 'lie' } },
  { name: 'a FIN in the middle', reply: { ...fresh('0123456789'), fault: 'truncate' } },
  { name: 'a RST in the middle', reply: { ...fresh('0123456789'), fault: 'reset' } },
  { name: 'chunks without their end', reply: { ...CHUNKED, fault: 'truncate' } },
  { name: 'a broken chunk', reply: { raw: 'HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcX\r\n' } },
  { name: 'a body that stops', reply: { ...fresh('0123456789'), fault: 'stall' } },
];

const cuts: readonly Journey[] = CUTS.flatMap(({ name, reply }) =>
  ['GET', 'POST', 'OPTIONS'].map((method) => ({
    name: `${name}, on ${method}`,
    origin: 'body_timeout: 50ms',
    steps: [{ ask: `${method} /a`, answers: reply, expect: { complete: false, asked: 1 } }, fine],
  })),
);

const unverifiable: Reply = { ...fresh('until the end'), framing: 'close' };

const wholeness: readonly Journey[] = [
  {
    name: 'a body that ends with the connection is passed on and not stored',
    steps: [
      { ask: 'GET /a', answers: unverifiable, expect: { body: 'until the end', asked: 1 } },
      { ask: 'GET /a', expect: { body: 'until the end', asked: 1 } },
      {
        ask: 'GET /old',
        answers: { raw: 'HTTP/1.0 200 OK\r\ncache-control: max-age=60\r\n\r\nold' },
        expect: { body: 'old', asked: 1 },
      },
      { ask: 'GET /old', expect: { body: 'old', asked: 1 } },
    ],
  },
  {
    name: 'unless the route says so',
    config: 'defaults: { store_close_delimited: true }',
    steps: [
      { ask: 'GET /a', answers: unverifiable, expect: { body: 'until the end', cacheStatus: STORED } },
      { ask: 'GET /a', expect: { body: 'until the end', cacheStatus: HIT } },
    ],
  },
  {
    name: 'max_object: a larger body is passed on whole and not stored, with a length and without; the limit itself is stored',
    config: 'store: { max_object: 1KiB }\nroutes: [{ path: /small, max_object: 10B }]',
    steps: [
      {
        ask: 'GET /a',
        answers: fresh('x'.repeat(1025)),
        expect: { body: 'x'.repeat(1025), cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=too-large' },
      },
      { ask: 'GET /b', answers: { ...fresh('x'.repeat(1025)), framing: 'chunked' }, expect: { body: 'x'.repeat(1025), asked: 1 } },
      { ask: 'GET /b', expect: { body: 'x'.repeat(1025), asked: 1 } },
      { ask: 'GET /c', answers: { ...fresh('x'.repeat(1024)), framing: 'chunked' }, expect: { cacheStatus: STORED } },
      { ask: 'GET /c', expect: { cacheStatus: HIT, body: 'x'.repeat(1024) } },
      { ask: 'GET /small', answers: fresh('x'.repeat(11)), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=too-large' } },
    ],
  },
  {
    name: 'what follows an answer on the connection belongs to no other request',
    steps: [
      {
        ask: 'GET /a',
        answers: {
          raw: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 4\r\n\r\nevil',
          keepOpen: true,
        },
        expect: { body: 'ok' },
      },
      { ask: 'GET /b', answers: fresh('b'), expect: { body: 'b' } },
    ],
  },
];

describe('no usable answer', () => {
  it.each(failures)('$name', play);

  it('an origin that is not there at the start, comes, goes and comes back', async () => {
    await using stage = await Stage.start();
    const { port } = stage.origin;
    await stage.origin[Symbol.asyncDispose]();
    const unreachable: Step = {
      ask: 'GET /a',
      expect: { status: 502, asked: 0, cacheStatus: 'fwd=uri-miss; detail=origin-unreachable', fields: PROBLEM },
    };
    await stage.play([unreachable]);
    {
      await using origin = await ScriptedOrigin.start(port);
      origin.on('/a', fresh('here'));
      await stage.play([{ ask: 'GET /a', expect: { body: 'here', cacheStatus: STORED, asked: 'unsaid' } }]);
    }
    await stage.play([
      { ask: 'GET /a', expect: { cacheStatus: HIT } },
      { ...unreachable, ask: 'GET /b' },
    ]);
    await using origin = await ScriptedOrigin.start(port);
    origin.on('/b', fresh('again'));
    await stage.play([{ ask: 'GET /b', expect: { body: 'again', asked: 'unsaid' } }]);
  });

  it('an origin with more waiting than its limit: 503 for what comes on top', async () => {
    await using stage = await Stage.start({ origin: 'connections: 1, queue: 0' });
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('a'), barriers: { 'before-head': barrier } });
    const first = stage.ask('GET /a');
    await barrier.reached;
    await stage.play([
      {
        ask: 'GET /b',
        expect: { status: 503, asked: 0, cacheStatus: 'fwd=uri-miss; detail=origin-busy', fields: { ...PROBLEM, 'retry-after': '1' } },
      },
    ]);
    barrier.open();
    expect((await first).body).toBe('a');
  });
});

describe('an answer that is cut', () => {
  it.each(cuts)('$name: the client sees it, nothing is stored', play);

  it('an HTTP/1.0 client, which gets no chunks, sees a reset', async () => {
    await using stage = await Stage.start();
    stage.origin.on('/a', { ...CHUNKED, fault: 'truncate' });
    await using client = await RawClient.connect(stage.freshet.address);
    client.send('GET /a HTTP/1.0\r\nHost: shop.test\r\n\r\n');
    expect(await client.closed()).toBe('ECONNRESET');
  });
});

describe('wholeness', () => it.each(wholeness)('$name', play));
