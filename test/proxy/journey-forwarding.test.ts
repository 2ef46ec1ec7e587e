// Journeys of fields across the hop: what goes on to the origin and to the client, and what is said of the hop (RFC 9110 §7.6).
import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/client.ts';
import { fresh, type Journey, play, PURGES, Stage, STORED } from './journey.ts';

const HOST = ['host', 'shop.test'];
const HIT = 'hit; ttl=60';

/** What a client in front of nobody would like to be believed. */
const CLAIMS = Object.entries({
  via: '1.0 front',
  forwarded: 'for=1.2.3.4',
  'x-forwarded-for': '1.2.3.4',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.test',
  'x-forwarded-port': '1',
  'x-forwarded-prefix': '/p',
  'x-real-ip': '1.2.3.4',
  'x-original-url': '/admin',
}).flat();

const hops: readonly Journey[] = [
  {
    name: 'hop-by-hop fields end here, both ways',
    steps: [
      {
        ask: 'GET /a',
        fields: [
          'connection',
          'x-drop, keep-alive',
          'x-drop',
          '1',
          'keep-alive',
          'timeout=5',
          'te',
          'trailers',
          'proxy-authorization',
          'Basic x',
          'x-keep',
          '1',
        ],
        answers: fresh('x', [
          'connection',
          'x-gone',
          'x-gone',
          '1',
          'keep-alive',
          'timeout=9',
          'proxy-authenticate',
          'Basic',
          'trailer',
          'x',
          'x-kept',
          '1',
        ]),
        expect: {
          cacheStatus: STORED,
          sent: { 'x-keep': '1', 'x-drop': undefined, te: undefined, 'keep-alive': undefined, 'proxy-authorization': undefined },
          fields: { 'x-kept': '1', 'x-gone': undefined, 'proxy-authenticate': undefined, trailer: undefined },
        },
      },
      { ask: 'GET /a', expect: { cacheStatus: HIT, fields: { 'x-kept': '1', 'x-gone': undefined, 'proxy-authenticate': undefined } } },
    ],
  },
  {
    name: 'a Connection that nominates what must stay is refused, from either side',
    steps: [
      {
        ask: 'GET /a',
        fields: ['connection', 'close, authorization', 'authorization', 'x'],
        expect: { status: 400, asked: 0, cacheStatus: 'detail=connection-nominates' },
      },
      {
        ask: 'GET /a',
        answers: fresh('x', ['connection', 'set-cookie', 'set-cookie', 'a=1']),
        expect: { status: 502, cacheStatus: 'fwd=uri-miss; detail=connection-nominates', fields: { 'set-cookie': undefined } },
      },
      { ask: 'GET /a', answers: fresh('fine'), expect: { cacheStatus: STORED } },
    ],
  },
  {
    name: 'Via, Forwarded and X-Forwarded-* are ours, whatever a stranger claims',
    steps: [
      {
        ask: 'GET /a',
        fields: [...HOST, ...CLAIMS],
        answers: fresh('x', ['via', '1.1 app']),
        expect: {
          fields: { via: '1.1 app, 1.1 freshet' },
          sent: {
            host: 'shop.test',
            via: '1.0 front, 1.1 freshet',
            forwarded: 'for=127.0.0.1;host="shop.test";proto=http',
            'x-forwarded-for': '127.0.0.1',
            'x-forwarded-proto': 'http',
            'x-forwarded-host': 'shop.test',
            'x-forwarded-port': undefined,
            'x-forwarded-prefix': undefined,
            'x-real-ip': undefined,
            'x-original-url': undefined,
            'surrogate-capability': 'freshet="Surrogate/1.0"',
            'cdn-loop': 'freshet',
          },
        },
      },
    ],
  },
  {
    name: 'a trusted proxy is believed, and what it says is part of the key',
    config: 'trusted_proxies: [127.0.0.0/8]',
    steps: [
      {
        ask: 'GET /a',
        fields: [...HOST, 'forwarded', 'for=1.2.3.4', 'x-forwarded-for', '1.2.3.4', 'x-forwarded-proto', 'https', 'x-forwarded-host', 'www.test'],
        answers: fresh('x'),
        expect: {
          cacheStatus: STORED,
          sent: {
            forwarded: 'for=1.2.3.4, for=127.0.0.1;host="shop.test";proto=http',
            'x-forwarded-for': '1.2.3.4, 127.0.0.1',
            'x-forwarded-proto': 'https',
            'x-forwarded-host': 'www.test',
          },
        },
      },
      {
        ask: 'GET /a',
        fields: [...HOST, 'x-forwarded-for', '5.6.7.8', 'x-forwarded-proto', 'https', 'x-forwarded-host', 'www.test'],
        expect: { cacheStatus: HIT },
      },
      { ask: 'GET /a', fields: [...HOST, 'x-forwarded-proto', 'http', 'x-forwarded-host', 'www.test'], expect: { cacheStatus: STORED } },
      { ask: 'PURGE /a', fields: [...HOST, ...PURGES], expect: {} },
      { ask: 'GET /a', fields: [...HOST, 'x-forwarded-proto', 'https', 'x-forwarded-host', 'www.test'], expect: { asked: 1 } },
    ],
  },
  {
    name: "the origin's host, where it wants that",
    origin: 'host: origin',
    steps: [{ ask: 'GET /a', fields: HOST, answers: fresh('x'), expect: { sent: { 'x-forwarded-host': 'shop.test' } } }],
  },
  {
    name: 'a request that has been here before is a loop',
    steps: [{ ask: 'GET /a', fields: ['cdn-loop', 'other, freshet'], expect: { status: 508, asked: 0, cacheStatus: 'detail=loop' } }],
  },
  {
    name: 'what clients may not say: tags, control and versions of an origin; Expect and method overrides',
    steps: [
      {
        ask: 'GET /a',
        fields: ['surrogate-key', 'x', 'freshet-cache-control', 'max-age=1', 'cache-groups', '"g"', 'x-http-method-override', 'DELETE'],
        answers: fresh('x'),
        expect: {
          sent: {
            'surrogate-key': undefined,
            'freshet-cache-control': undefined,
            'cache-groups': undefined,
            'x-http-method-override': undefined,
          },
        },
      },
    ],
  },
  {
    name: 'a chunked upload arrives whole, and any status, phrase and repeated field comes back',
    steps: [
      {
        ask: 'POST /a',
        fields: ['transfer-encoding', 'chunked'],
        body: 'in pieces',
        answers: { status: 418, statusText: 'Short And Stout', fields: ['x-a', '1', 'x-a', '2'], body: 'tea' },
        expect: { status: 418, body: 'tea', fields: { 'x-a': '1, 2' }, sent: { 'transfer-encoding': 'chunked' } },
      },
    ],
  },
];

describe('the hop', () => {
  it.each(hops)('$name', play);

  it('Proxy-Status of those behind is kept, hit or miss, as RFC 9209 §2 wants it; Freshet says nothing in it', async () => {
    await using stage = await Stage.start();
    const status = 'gateway.example; received-status=200';
    stage.origin.on('/a', fresh('x', ['proxy-status', status]));
    for (const ours of ['fwd=uri-miss; fwd-status=200; stored', 'hit; ttl=60']) {
      const answer = await stage.ask('GET /a');
      expect([answer.field('cache-status'), answer.field('proxy-status')]).toEqual([`freshet; ${ours}`, status]);
    }
  });

  it('1xx go on before the answer, without what ends at the hop', async () => {
    await using stage = await Stage.start();
    stage.origin.on('/a', {
      ...fresh('x'),
      informational: [{ status: 102 }, { status: 103, fields: ['link', '</a.css>; rel=preload', 'connection', 'x-hop', 'x-hop', '1'] }],
    });
    const { informational, body } = await stage.ask('GET /a');
    expect(informational.map(({ status, fields }) => ({ status, fields: fields.filter((_, i) => i % 2 === 0) }))).toEqual([
      { status: 102, fields: [] },
      { status: 103, fields: ['link'] },
    ]);
    expect(body).toBe('x');
    expect((await stage.ask('GET /a')).informational).toEqual([]);
  });

  it.each(['GET /a', 'POST /a'])('a 1xx loses what is for Freshet alone: %s', async (line) => {
    await using stage = await Stage.start();
    const ours = ['surrogate-key', 'secret-tag', 'auth-scope', 'tier', 'freshet-cache-control', 'max-age=9', 'surrogate-control', 'max-age=9'];
    stage.origin.on('/a', { ...fresh('x'), informational: [{ status: 103, fields: ['link', '</a>', ...ours] }] });
    const { informational, body } = await stage.ask(line);
    expect(body).toBe('x');
    expect(informational).toEqual([{ status: 103, fields: ['link', '</a>'] }]);
  });

  it('an HTTP/1.0 client gets no 1xx and no chunks', async () => {
    await using stage = await Stage.start();
    stage.origin.on('/a', { ...fresh('hello'), framing: 'chunked', informational: [{ status: 103, fields: ['link', '</a>'] }] });
    await using client = await RawClient.connect(stage.freshet.address);
    client.send('GET /a HTTP/1.0\r\nHost: shop.test\r\n\r\n');
    const answer = await client.answer();
    expect(answer).toMatchObject({ status: 200, body: 'hello', informational: [], complete: true });
    expect(answer?.field('transfer-encoding')).toBeUndefined();
  });
});
