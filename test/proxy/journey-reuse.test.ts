// Journeys of reuse: miss, hit, HEAD from GET, what is not stored, what requests demand (RFC 9111 §4, §5.2).
import { describe, it } from 'vitest';
import { fresh, type Journey, play, STORED } from './journey.ts';

const ETAG = ['etag', '"v1"'];

const reuse: readonly Journey[] = [
  {
    name: 'a miss is stored and then a hit, with its age, until it is stale',
    steps: [
      { ask: 'GET /a', answers: fresh('one', ETAG), expect: { cacheStatus: STORED, body: 'one', fields: { age: undefined, via: '1.1 freshet' } } },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'one', fields: { age: '0', 'content-length': '3' } } },
      { ask: 'GET /a', afterMs: 59_999, expect: { cacheStatus: 'hit; ttl=0', body: 'one', fields: { age: '59' } } },
      {
        ask: 'GET /a',
        afterMs: 1,
        answers: fresh('two'),
        expect: { cacheStatus: 'fwd=stale; fwd-status=200; stored', body: 'two' },
      },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'two' } },
    ],
  },
  {
    name: 'another query is another URL',
    steps: [
      { ask: 'GET /a?x=1', answers: fresh('one'), expect: { cacheStatus: STORED, body: 'one' } },
      { ask: 'GET /a?x=2', answers: fresh('two'), expect: { cacheStatus: STORED, body: 'two' } },
      { ask: 'GET /a', answers: fresh('none'), expect: { cacheStatus: STORED, body: 'none' } },
      { ask: 'GET /a?x=1', expect: { cacheStatus: 'hit; ttl=60', body: 'one' } },
    ],
  },
  {
    name: 'another host is another URL; case and a dot at the end are not',
    steps: [
      { ask: 'GET /a', fields: ['host', 'one.test'], answers: fresh('one'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['host', 'two.test'], answers: fresh('two'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['host', 'ONE.test.'], expect: { cacheStatus: 'hit; ttl=60', body: 'one' } },
    ],
  },
  {
    name: 'HEAD is answered from a GET entry, and never makes one',
    steps: [
      {
        ask: 'HEAD /a',
        answers: fresh('hello'),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=method', body: '', fields: { 'content-length': '5' } },
      },
      { ask: 'GET /a', expect: { cacheStatus: STORED, body: 'hello' } },
      { ask: 'HEAD /a', expect: { cacheStatus: 'hit; ttl=60', body: '', fields: { 'content-length': '5', age: '0' } } },
    ],
    asked: ['HEAD /a', 'GET /a'],
  },
  {
    name: 'an empty body and a status without one',
    steps: [
      { ask: 'GET /none', answers: fresh(''), expect: { cacheStatus: STORED, fields: { 'content-length': '0' } } },
      { ask: 'GET /none', expect: { cacheStatus: 'hit; ttl=60', body: '', fields: { 'content-length': '0' } } },
      {
        ask: 'GET /204',
        answers: { ...fresh(''), status: 204 },
        expect: { status: 204, cacheStatus: 'fwd=uri-miss; fwd-status=204; stored', fields: { 'content-length': undefined } },
      },
      { ask: 'GET /204', expect: { status: 204, cacheStatus: 'hit; ttl=60', fields: { 'content-length': undefined } } },
    ],
  },
  {
    name: 'what says nothing of freshness is not stored, nor what a request has to be authorized for',
    steps: [
      { ask: 'GET /silent', answers: { body: 'x' }, expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness' } },
      { ask: 'GET /silent', expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness' } },
      {
        ask: 'GET /no-store',
        answers: { fields: ['cache-control', 'no-store'] },
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=response-no-store' },
      },
      {
        ask: 'GET /private',
        answers: { fields: ['cache-control', 'private, max-age=60'] },
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private' },
      },
      {
        ask: 'GET /set-cookie',
        answers: fresh('x', ['set-cookie', 'a=1', 'set-cookie', 'b=2']),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=set-cookie', fields: { 'set-cookie': 'a=1, b=2' } },
      },
      {
        ask: 'GET /authorized',
        fields: ['authorization', 'Basic x'],
        answers: fresh('x'),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=authorization', sent: { authorization: 'Basic x' } },
      },
    ],
  },
  {
    name: 'an error with explicit freshness is stored like any other',
    steps: [
      { ask: 'GET /gone', answers: { ...fresh('no'), status: 404 }, expect: { status: 404, cacheStatus: 'fwd=uri-miss; fwd-status=404; stored' } },
      { ask: 'GET /gone', expect: { status: 404, cacheStatus: 'hit; ttl=60', body: 'no' } },
    ],
  },
  {
    name: "a route's ttl fills the origin's silence; override beats what it says",
    config: 'routes: [{ path: /quiet, ttl: 10s }, { path: /beaten, ttl: 10s, override: true }]',
    steps: [
      { ask: 'GET /quiet', answers: { body: 'x' }, expect: { cacheStatus: STORED } },
      { ask: 'GET /quiet', expect: { cacheStatus: 'hit; ttl=10' } },
      { ask: 'GET /beaten', answers: fresh('x'), expect: { cacheStatus: STORED } },
      { ask: 'GET /beaten', expect: { cacheStatus: 'hit; ttl=10' } },
    ],
  },
  {
    name: 'a route that passes is neither looked up nor stored',
    config: 'routes: [{ path: /live, pass: true }]',
    steps: [
      { ask: 'GET /live', answers: fresh('1'), expect: { cacheStatus: 'fwd=bypass; fwd-status=200; detail=route-pass', body: '1' } },
      { ask: 'GET /live', answers: fresh('2'), expect: { cacheStatus: 'fwd=bypass; fwd-status=200; detail=route-pass', body: '2' } },
    ],
  },
  {
    name: 'any method and path goes on as it came',
    steps: ['OPTIONS /a', 'TRACE /a', 'QUERY /a?q', 'REPORT /a//b/c;d=%2F', "POST /!$&'()*+,;=:@~"].map((ask) => ({
      ask,
      answers: { status: 207, body: 'x' },
      expect: { status: 207, body: 'x', cacheStatus: 'fwd=method; fwd-status=207; detail=method' },
    })),
    asked: ['OPTIONS /a', 'TRACE /a', 'QUERY /a?q', 'REPORT /a//b/c;d=%2F', "POST /!$&'()*+,;=:@~"],
  },
  {
    name: 'OPTIONS * is not forwarded: the client for origins takes paths alone',
    steps: [{ ask: 'OPTIONS *', expect: { status: 400, asked: 0, cacheStatus: 'fwd=method; detail=bad-request' } }],
  },
  {
    name: 'an answer that came without a Date gets that of its receipt, not of each use',
    steps: [
      { ask: 'GET /a', answers: fresh('one', ETAG), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', afterMs: 30_000, expect: { cacheStatus: 'hit; ttl=30', fields: { age: '30', date: 'Thu, 01 Jan 2026 00:00:00 GMT' } } },
      {
        ask: 'GET /a',
        afterMs: 30_000,
        answers: { status: 304, fields: ['cache-control', 'max-age=60', ...ETAG] },
        expect: { fields: { age: '0', date: 'Thu, 01 Jan 2026 00:01:00 GMT' } },
      },
      { ask: 'GET /a', afterMs: 1000, expect: { fields: { age: '1', date: 'Thu, 01 Jan 2026 00:01:00 GMT' } } },
    ],
  },
  {
    name: 'a GET with a body is passed on with it and answered from nothing',
    steps: [
      { ask: 'GET /a', answers: fresh('one'), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        body: 'fat',
        answers: fresh('fat'),
        expect: { cacheStatus: 'fwd=bypass; fwd-status=200; detail=request-body', body: 'fat', sent: { 'content-length': '3' } },
      },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'one' } },
    ],
  },
];

const demands: readonly Journey[] = [
  {
    name: 'no-cache fetches anew and replaces; the next request hits what it brought',
    steps: [
      { ask: 'GET /a', answers: fresh('one'), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        fields: ['cache-control', 'no-cache'],
        answers: fresh('two'),
        expect: { cacheStatus: 'fwd=request; fwd-status=200; stored; detail=request-no-cache', body: 'two' },
      },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'two' } },
    ],
  },
  {
    name: 'no-store goes past the cache, and its answer is not kept',
    steps: [
      { ask: 'GET /a', answers: fresh('one'), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        fields: ['cache-control', 'no-store'],
        answers: fresh('two'),
        expect: { cacheStatus: 'fwd=request; fwd-status=200; detail=request-no-store', body: 'two' },
      },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'one' } },
    ],
  },
  {
    name: 'max-age, min-fresh and max-stale',
    steps: [
      { ask: 'GET /a', answers: fresh('one'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', afterMs: 20_000, fields: ['cache-control', 'max-age=21'], expect: { cacheStatus: 'hit; ttl=40' } },
      { ask: 'GET /a', fields: ['cache-control', 'min-fresh=40'], expect: { cacheStatus: 'hit; ttl=40' } },
      {
        ask: 'GET /a',
        fields: ['cache-control', 'min-fresh=41'],
        answers: { fields: ['cache-control', 'no-store'] },
        expect: { cacheStatus: 'fwd=request; fwd-status=200; detail=response-no-store' },
      },
      {
        ask: 'GET /a',
        fields: ['cache-control', 'max-age=20'],
        answers: fresh('two', ETAG),
        expect: { cacheStatus: 'fwd=request; fwd-status=200; stored; detail=request-max-age', body: 'two' },
      },
      { ask: 'GET /a', afterMs: 70_000, fields: ['cache-control', 'max-stale=10'], expect: { cacheStatus: 'hit; ttl=-10; detail=max-stale' } },
      { ask: 'GET /a', fields: ['cache-control', 'max-stale'], expect: { cacheStatus: 'hit; ttl=-10; detail=max-stale', fields: { age: '70' } } },
      {
        ask: 'GET /a',
        fields: ['cache-control', 'max-stale=9'],
        expect: { cacheStatus: 'fwd=stale; fwd-status=200; stored', body: 'two' },
      },
    ],
  },
  {
    name: 'max-stale does not beat must-revalidate',
    steps: [
      { ask: 'GET /a', answers: { fields: ['cache-control', 'max-age=60, must-revalidate', ...ETAG] }, expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 60_000,
        fields: ['cache-control', 'max-stale'],
        expect: { cacheStatus: 'fwd=stale; fwd-status=200; stored; detail=must-revalidate' },
      },
    ],
  },
  {
    name: 'only-if-cached takes what is there and never asks the origin',
    steps: [
      {
        ask: 'GET /a',
        fields: ['cache-control', 'only-if-cached'],
        expect: { status: 504, asked: 0, cacheStatus: 'detail=only-if-cached', fields: { 'content-type': 'application/problem+json' } },
      },
      { ask: 'GET /a', answers: fresh('one'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['cache-control', 'only-if-cached'], expect: { cacheStatus: 'hit; ttl=60' } },
      { ask: 'GET /a', afterMs: 60_000, fields: ['cache-control', 'only-if-cached'], expect: { status: 504, asked: 0 } },
    ],
  },
];

describe('reuse', () => it.each(reuse)('$name', play));
describe('request directives (RFC 9111 §5.2.1)', () => it.each(demands)('$name', play));
