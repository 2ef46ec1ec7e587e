// Journeys of validation, and of the conditions that clients set (RFC 9111 §4.3, RFC 9110 §13).
import { describe, it } from 'vitest';
import { fresh, type Journey, play, STORED } from './journey.ts';

const ETAG = ['etag', '"v1"'];
const VALIDATED = 'fwd=stale; fwd-status=304; stored; detail=validated';

const validation: readonly Journey[] = [
  {
    name: 'a stale entry is validated, and freshened by the 304',
    steps: [
      {
        ask: 'GET /a',
        answers: fresh('one', [...ETAG, 'last-modified', 'Mon, 01 Dec 2025 00:00:00 GMT', 'x-v', '1']),
        expect: { cacheStatus: STORED },
      },
      {
        ask: 'GET /a',
        afterMs: 60_000,
        answers: { status: 304, fields: ['cache-control', 'max-age=100', 'x-v', '2', ...ETAG] },
        expect: {
          cacheStatus: VALIDATED,
          body: 'one',
          fields: { 'x-v': '2', age: '0', 'cache-control': 'max-age=100' },
          sent: { 'if-none-match': '"v1"', 'if-modified-since': 'Mon, 01 Dec 2025 00:00:00 GMT' },
        },
      },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=100', body: 'one', fields: { 'x-v': '2' } } },
    ],
  },
  {
    name: 'a 200 to a validation replaces the entry',
    steps: [
      { ask: 'GET /a', answers: fresh('one', ETAG), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 60_000,
        answers: fresh('two', ['etag', '"v2"']),
        expect: { cacheStatus: 'fwd=stale; fwd-status=200; stored', body: 'two' },
      },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'two', fields: { etag: '"v2"' } } },
    ],
  },
  {
    name: 'no-cache: stored, and validated at every use',
    steps: [
      { ask: 'GET /a', answers: { fields: ['cache-control', 'no-cache', ...ETAG], body: 'one' }, expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        answers: { status: 304, fields: ['cache-control', 'no-cache', ...ETAG] },
        expect: { cacheStatus: VALIDATED, body: 'one', sent: { 'if-none-match': '"v1"' } },
      },
      { ask: 'GET /a', expect: { cacheStatus: VALIDATED, body: 'one' } },
    ],
  },
  {
    name: 'no-cache without a validator is of no use',
    steps: [
      {
        ask: 'GET /a',
        answers: { fields: ['cache-control', 'no-cache'] },
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-validator' },
      },
    ],
  },
  {
    name: 'a 304 that names another entity-tag confirms nothing: it is fetched whole',
    steps: [
      { ask: 'GET /a', answers: fresh('one', ETAG), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 60_000,
        answers: (_request, nth) => (nth === 2 ? { status: 304, fields: ['etag', '"other"'] } : fresh('two', ['etag', '"other"'])),
        expect: { cacheStatus: STORED, body: 'two', asked: 2, sent: { 'if-none-match': undefined } },
      },
    ],
  },
  {
    name: "the client's own conditions are answered here: 304 and 412, from a hit, a miss and a validation",
    steps: [
      {
        ask: 'GET /a',
        fields: ['if-none-match', '"v1"'],
        answers: fresh('one', ETAG),
        expect: { status: 304, cacheStatus: STORED, body: '', fields: { etag: '"v1"' }, sent: { 'if-none-match': undefined } },
      },
      { ask: 'GET /a', fields: ['if-none-match', '"v0", W/"v1"'], eventually: true, expect: { status: 304, cacheStatus: 'hit; ttl=60', body: '' } },
      { ask: 'GET /a', fields: ['if-none-match', '"v0"'], expect: { cacheStatus: 'hit; ttl=60', body: 'one' } },
      {
        ask: 'GET /a',
        fields: ['if-match', '"v0"'],
        expect: { status: 412, cacheStatus: 'hit; ttl=60', body: '', fields: { 'content-length': '0' } },
      },
      { ask: 'HEAD /a', fields: ['if-none-match', '"v1"'], expect: { status: 304, cacheStatus: 'hit; ttl=60' } },
      {
        ask: 'GET /a',
        afterMs: 60_000,
        fields: ['if-none-match', '"v1"'],
        answers: { status: 304, fields: ['cache-control', 'max-age=60', ...ETAG] },
        expect: { status: 304, cacheStatus: VALIDATED, body: '' },
      },
      { ask: 'GET /b', fields: ['if-match', '"v9"'], answers: fresh('one', ETAG), expect: { status: 412, cacheStatus: STORED, body: '' } },
    ],
  },
  {
    name: 'by date',
    steps: [
      {
        ask: 'GET /a',
        answers: fresh('one', ['last-modified', 'Mon, 01 Dec 2025 00:00:00 GMT']),
        expect: { cacheStatus: STORED },
      },
      { ask: 'GET /a', fields: ['if-modified-since', 'Mon, 01 Dec 2025 00:00:00 GMT'], expect: { status: 304, cacheStatus: 'hit; ttl=60' } },
      { ask: 'GET /a', fields: ['if-modified-since', 'Sun, 30 Nov 2025 00:00:00 GMT'], expect: { cacheStatus: 'hit; ttl=60', body: 'one' } },
      { ask: 'GET /a', fields: ['if-unmodified-since', 'Sun, 30 Nov 2025 00:00:00 GMT'], expect: { status: 412, cacheStatus: 'hit; ttl=60' } },
    ],
  },
  {
    name: 'HEAD validates a stale entry with its own request',
    steps: [
      { ask: 'GET /a', answers: fresh('one', ETAG), expect: { cacheStatus: STORED } },
      {
        ask: 'HEAD /a',
        afterMs: 60_000,
        answers: { status: 304, fields: ['cache-control', 'max-age=60', ...ETAG] },
        expect: { cacheStatus: VALIDATED, fields: { 'content-length': '3' } },
      },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'one' } },
    ],
    asked: ['GET /a', 'HEAD /a'],
  },
];

describe('validation (RFC 9111 §4.3) and preconditions (RFC 9110 §13)', () => it.each(validation)('$name', play));
