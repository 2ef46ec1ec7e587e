// Journeys of what the origin says to Freshet alone: tags and targeted control; what clients get in their place, and operators on top (RFC 9213).
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import type { Reply } from '../support/origin.ts';
import { fresh, type Journey, play, PURGES, STORED, Stage } from './journey.ts';

const HOST = ['host', 'shop.test'];
const HIT = 'hit; ttl=60';

const TAGS = ['surrogate-key', 'a', 'cache-tag', 'b', 'xkey', 'c', 'cache-groups', '"d"'];

const tags: readonly Journey[] = [
  {
    name: 'tag fields end here, on a miss and on a hit',
    steps: [
      {
        ask: 'GET /a',
        answers: fresh('x', TAGS),
        expect: { fields: { 'surrogate-key': undefined, 'cache-tag': undefined, xkey: undefined, 'cache-groups': undefined } },
      },
      { ask: 'GET /a', expect: { cacheStatus: HIT, fields: { 'surrogate-key': undefined, 'cache-tag': undefined, xkey: undefined } } },
    ],
  },
  {
    name: 'unless they are exposed',
    config: 'tags: { expose: true }',
    steps: [
      { ask: 'GET /a', answers: fresh('x', TAGS), expect: { fields: { 'surrogate-key': 'a', 'cache-tag': 'b', xkey: 'c', 'cache-groups': '"d"' } } },
      { ask: 'GET /a', expect: { cacheStatus: HIT, fields: { 'surrogate-key': 'a' } } },
    ],
  },
  {
    name: 'only the configured ones are tags; others go on as they are',
    config: 'tags: { headers: [xkey] }',
    steps: [
      { ask: 'GET /a', answers: fresh('x', TAGS), expect: { fields: { 'surrogate-key': 'a', xkey: undefined } } },
      { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'a b'], expect: {} },
      { ask: 'GET /a', expect: { cacheStatus: HIT } },
      { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'c'], expect: {} },
      { ask: 'GET /a', expect: { asked: 1 } },
    ],
  },
];

const ALL = [
  'freshet-cache-control',
  'max-age=10',
  'cdn-cache-control',
  'max-age=20',
  'surrogate-control',
  'max-age=30',
  'cache-control',
  'max-age=40',
];
const control = (fields: readonly string[]): Reply => ({ fields, body: 'x' });

const targeted: readonly Journey[] = [
  ...[10, 20, 30, 40].map((seconds, i) => ({
    name: `${ALL[i * 2]} counts where nothing before it speaks`,
    steps: [
      {
        ask: 'GET /a',
        answers: control(ALL.slice(i * 2)),
        expect: {
          cacheStatus: STORED,
          fields: {
            'freshet-cache-control': undefined,
            'surrogate-control': undefined,
            'cdn-cache-control': i < 2 ? 'max-age=20' : undefined,
            'cache-control': 'max-age=40',
          },
        },
      },
      { ask: 'GET /a', expect: { cacheStatus: `hit; ttl=${seconds}` } },
    ],
  })),
  {
    name: 'a targeted field makes Cache-Control and Expires mean nothing here',
    steps: [
      { ask: 'GET /a', answers: control(['cdn-cache-control', 'max-age=20', 'cache-control', 'no-store']), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /b',
        answers: control(['cdn-cache-control', 'no-store', 'cache-control', 'max-age=60']),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=response-no-store' },
      },
    ],
  },
];

const clientControl: readonly Journey[] = [
  {
    name: 'replaces what clients get of whatever is stored: miss, hit, 304, validated and stale',
    config: 'defaults: { client_cache_control: no-cache }',
    steps: [
      {
        ask: 'GET /a',
        answers: control([
          'cache-control',
          'max-age=60, stale-if-error=60',
          'expires',
          'Thu, 01 Jan 2032 00:00:00 GMT',
          'pragma',
          'x',
          'etag',
          '"v1"',
        ]),
        expect: { cacheStatus: STORED, fields: { 'cache-control': 'no-cache', expires: undefined, pragma: undefined } },
      },
      { ask: 'GET /a', expect: { cacheStatus: HIT, fields: { 'cache-control': 'no-cache', expires: undefined } } },
      { ask: 'GET /a', fields: ['if-none-match', '"v1"'], expect: { status: 304, fields: { 'cache-control': 'no-cache', expires: undefined } } },
      {
        ask: 'GET /a',
        afterMs: 61_000,
        answers: { status: 304, fields: ['etag', '"v1"', 'cache-control', 'max-age=60, stale-if-error=60'] },
        expect: { cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=validated', fields: { 'cache-control': 'no-cache' } },
      },
      {
        ask: 'GET /a',
        afterMs: 61_000,
        answers: { status: 503 },
        expect: {
          cacheStatus: 'fwd=stale; fwd-status=503; ttl=-1; detail=stale-if-error',
          fields: { 'cache-control': 'no-cache', expires: undefined },
        },
      },
    ],
  },
  {
    name: 'leaves what is not stored',
    config: 'defaults: { client_cache_control: no-cache }',
    steps: [
      { ask: 'GET /a', answers: control(['cache-control', 'private, max-age=60']), expect: { fields: { 'cache-control': 'private, max-age=60' } } },
    ],
  },
];

const ADMIN = 'admin: { listen: "127.0.0.1:0", token: admin-token }';

const debug: readonly Journey[] = [
  {
    name: 'tells the holder of the admin token about the answer',
    config: `${ADMIN}\ndefaults: { scope: credential }`,
    steps: [
      { ask: 'GET /a', fields: HOST, answers: fresh('x', ['surrogate-key', 'a b']), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        fields: [...HOST, 'freshet-debug', 'admin-token'],
        expect: {
          cacheStatus: HIT,
          fields: {
            'freshet-key': '9:anonymous http://shop.test/a',
            'freshet-scope': 'anonymous',
            'freshet-route': 'default',
            'freshet-tags': 'a b',
            'freshet-epoch': 'as-of=0, now=0',
            'freshet-windows': 'fresh=60s, swr=0s, sie=0s, keep=0s',
          },
        },
      },
      {
        ask: 'GET /b',
        fields: [...HOST, 'freshet-debug', 'admin-token'],
        answers: fresh('x'),
        expect: { fields: { 'freshet-key': '9:anonymous http://shop.test/b' }, sent: { 'freshet-debug': undefined } },
      },
    ],
  },
  {
    name: 'tells nobody else',
    config: ADMIN,
    steps: [
      { ask: 'GET /a', answers: fresh('x'), expect: {} },
      { ask: 'GET /a', fields: ['freshet-debug', 'admin-toke'], expect: { cacheStatus: HIT, fields: { 'freshet-key': undefined } } },
      { ask: 'GET /a', expect: { cacheStatus: HIT, fields: { 'freshet-key': undefined } } },
    ],
  },
  {
    name: 'nor where there is no admin token',
    steps: [{ ask: 'GET /a', fields: ['freshet-debug', ''], answers: fresh('x'), expect: { fields: { 'freshet-key': undefined } } }],
  },
];

const SECRETS: Fields = [...HOST, 'authorization', 'Bearer s3cret', 'cookie', 'session=s3cret', 'x-api-key', 's3cret', 'x-account', 's3cret'];
const AS_ADMIN: Fields = ['authorization', 'Bearer admin-token'];
const question = JSON.stringify({
  method: 'GET',
  url: '/a',
  fields: SECRETS.flatMap((name, i) => (i % 2 === 0 ? [[name, SECRETS[i + 1]]] : [])),
});

const MASKED_AXES =
  /^(?!.*s3cret).*"accept":"text\/x","authorization":"\[masked\]","cookie":"\[masked\]","x-account":"\[masked\]","x-api-key":"\[masked\]"/s;

/** Of entries that vary on credentials, as a route may permit. */
const shown: readonly Journey[] = [
  {
    name: 'never',
    config: `${ADMIN}\ndefaults: { vary: [authorization, cookie, x-account, x-api-key, accept] }`,
    steps: [
      {
        ask: 'GET /a',
        fields: [...SECRETS, 'accept', 'text/x'],
        answers: { fields: ['cache-control', 'public, max-age=60', 'vary', 'authorization, cookie, x-account, x-api-key, accept'], body: 'x' },
        expect: { cacheStatus: STORED },
      },
      {
        ask: 'GET /v1/entries',
        to: 'admin',
        fields: AS_ADMIN,
        expect: { body: MASKED_AXES },
      },
      {
        ask: 'POST /v1/explain',
        to: 'admin',
        fields: AS_ADMIN,
        body: question,
        expect: { body: MASKED_AXES },
      },
    ],
  },
];

describe('tag fields', () => it.each(tags)('$name', play));
describe('targeted fields (RFC 9213)', () => it.each(targeted)('$name', play));
describe('client_cache_control', () => it.each(clientControl)('$name', play));
describe('Freshet-Debug', () => it.each(debug)('$name', play));
describe('credentials are shown to an operator', () => {
  it.each(shown)('$name', play);

  it('nor in the debug fields, where the response varies on a field whose name tells nothing', async () => {
    await using stage = await Stage.start({ config: ADMIN });
    stage.origin.on('/a', fresh('x', ['vary', 'x-account']));
    const fields = [...HOST, 'x-account', 's3cret', 'freshet-debug', 'admin-token'];
    for (const cacheStatus of [STORED, HIT]) {
      const answer = await stage.ask('GET /a', { fields });
      expect(answer.field('cache-status')).toBe(`freshet; ${cacheStatus}`);
      expect(answer.field('freshet-key')).toBe('6:public http://shop.test/a');
      expect(answer.fields.filter((text) => text.includes('s3cret'))).toEqual([]);
    }
  });
});
