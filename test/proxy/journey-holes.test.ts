// Journeys through holes that were once open: who shares an answer, and what a 304 may change. Those of purges are in journey-purge-holes.test.ts.
import { describe, it } from 'vitest';
import { type Fields, fieldValue } from '../../src/http/fields.ts';
import type { Script } from '../support/origin.ts';
import { fresh, type Journey, play, STORED } from './journey.ts';

const HIT = 'hit; ttl=60';

/** A fresh answer made of one field of the request. */
function echo(name: string): Script {
  return ({ fields }) => fresh(fieldValue(fields, name) ?? 'nobody');
}

const me = 'routes: [{ path: /me, scope: { credential: [cookie.session] } }]';
const unverified = 'fwd=bypass; fwd-status=200; detail=scope-unverified';

const identities: readonly Journey[] = [
  {
    name: 'an Authorization that the scope does not hold: nothing is looked up and nothing stored',
    config: me,
    steps: [
      { ask: 'GET /me', fields: ['authorization', 'alice'], answers: echo('authorization'), expect: { body: 'alice', cacheStatus: unverified } },
      { ask: 'GET /me', fields: ['authorization', 'bob'], expect: { body: 'bob', cacheStatus: unverified } },
      { ask: 'GET /me', expect: { body: 'nobody', cacheStatus: STORED } },
      { ask: 'GET /me', fields: ['authorization', 'alice'], expect: { body: 'alice', cacheStatus: unverified } },
      { ask: 'GET /me', expect: { body: 'nobody', cacheStatus: HIT } },
    ],
  },
  {
    name: 'a comma is part of a cookie',
    config: me,
    steps: [
      { ask: 'GET /me', fields: ['cookie', 'session=x,alice'], answers: echo('cookie'), expect: { body: 'session=x,alice', cacheStatus: STORED } },
      { ask: 'GET /me', fields: ['cookie', 'session=x,bob'], expect: { body: 'session=x,bob', cacheStatus: STORED } },
      { ask: 'GET /me', fields: ['cookie', 'session=x,alice'], expect: { body: 'session=x,alice', cacheStatus: HIT } },
    ],
  },
  {
    name: 'two Cookie lines are one',
    config: me,
    steps: [
      {
        ask: 'GET /me',
        fields: ['cookie', 'a=1', 'cookie', 'session=x'],
        answers: echo('cookie'),
        expect: { body: 'session=x', cacheStatus: STORED },
      },
      { ask: 'GET /me', fields: ['cookie', 'session=x'], expect: { body: 'session=x', cacheStatus: HIT } },
    ],
  },
];

/** What a trusted proxy may say that an origin could answer by. */
const claims: readonly (readonly [name: string, value: string])[] = [
  ['forwarded', 'host=other.test;proto=https'],
  ['x-scheme', 'other'],
  ['front-end-https', 'other'],
  ['x-forwarded-prefix', '/other'],
];

function claimed([name, value]: readonly [string, string]): Journey {
  const stated = { ask: 'GET /a', fields: [name, value] };
  return {
    name: `${name} of a trusted proxy`,
    config: 'trusted_proxies: [127.0.0.1/32]',
    steps: [
      { ...stated, answers: echo(name), expect: { body: /other/, cacheStatus: STORED } },
      { ask: 'GET /a', expect: { body: /^(?!.*other)/, asked: 1, cacheStatus: STORED } },
      { ...stated, expect: { body: /other/, asked: 0, cacheStatus: HIT } },
    ],
  };
}

const addresses: Journey = {
  name: 'addresses alone are one URL',
  config: 'trusted_proxies: [127.0.0.1/32]',
  steps: [
    { ask: 'GET /a', fields: ['forwarded', 'for=192.0.2.1'], answers: fresh('a'), expect: { cacheStatus: STORED } },
    { ask: 'GET /a', fields: ['x-forwarded-for', '192.0.2.2'], expect: { cacheStatus: HIT } },
  ],
};

/** An answer that varies on a field, and says what came of it. */
const varied: Script = ({ fields }) => fresh(fieldValue(fields, 'x-flavour') ?? 'none', ['vary', 'x-flavour']);

const nominated: Journey = {
  name: 'a field that Connection takes away selects nothing: the origin does not see it',
  steps: [
    {
      ask: 'GET /a',
      fields: ['x-flavour', 'mint', 'connection', 'keep-alive, X-Flavour'],
      answers: varied,
      expect: { body: 'none', cacheStatus: STORED, sent: { 'x-flavour': undefined } },
    },
    { ask: 'GET /a', fields: ['x-flavour', 'mint'], expect: { body: 'mint', cacheStatus: /^fwd=vary-miss/ } },
    { ask: 'GET /a', expect: { body: 'none', cacheStatus: HIT } },
    { ask: 'GET /a', fields: ['x-flavour', 'mint'], expect: { body: 'mint', cacheStatus: HIT } },
  ],
};

describe('no two who differ share an answer', () => it.each([...identities, ...claims.map(claimed), addresses, nominated])('$name', play));

/** A 304 for what it is asked to validate; else an answer in the language asked for. */
const negotiated: Script = ({ fields }) => {
  const language = fieldValue(fields, 'accept-language') ?? '';
  const head: Fields = ['cache-control', 'max-age=60', 'etag', '"1"', 'vary', 'accept-language'];
  return fieldValue(fields, 'if-none-match') === undefined ? { fields: head, body: language } : { status: 304, fields: head };
};

const validations: readonly Journey[] = [
  {
    name: 'a 304 with another Vary: the entry is fetched whole, and other variants are their own',
    steps: [
      { ask: 'GET /a', fields: ['accept-language', 'en'], answers: fresh('en', ['etag', '"1"']), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['accept-language', 'en'], afterMs: 61_000, answers: negotiated, expect: { body: 'en', asked: 2 } },
      { ask: 'GET /a', fields: ['accept-language', 'fr'], expect: { body: 'fr', asked: 1, fields: { vary: 'accept-language' } } },
      { ask: 'GET /a', fields: ['accept-language', 'en'], expect: { body: 'en', cacheStatus: HIT } },
    ],
  },
  {
    name: 'Authentication-Info of a 304 is for who asked',
    steps: [
      { ask: 'GET /a', answers: fresh('a', ['etag', '"1"']), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 61_000,
        answers: {
          status: 304,
          fields: ['cache-control', 'max-age=60', 'etag', '"1"', 'authentication-info', 'nextnonce="of-alice"', 'proxy-authenticate', 'Basic'],
        },
        expect: { cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=validated' },
      },
      { ask: 'GET /a', expect: { cacheStatus: HIT, fields: { 'authentication-info': undefined, 'proxy-authenticate': undefined } } },
    ],
  },
];

/** RFC 9110 §7.6.2. */
const forwards: readonly Journey[] = [
  {
    name: 'OPTIONS',
    steps: [
      {
        ask: 'OPTIONS /a',
        fields: ['max-forwards', '0'],
        answers: { body: 'of the origin' },
        expect: { status: 204, body: '', asked: 0, fields: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' } },
      },
      { ask: 'OPTIONS /a', fields: ['max-forwards', '1'], expect: { body: 'of the origin', asked: 1, sent: { 'max-forwards': '0' } } },
    ],
  },
  {
    name: 'TRACE',
    steps: [{ ask: 'TRACE /a', fields: ['max-forwards', '0'], answers: { body: 'of the origin' }, expect: { status: 405, asked: 0 } }],
  },
  {
    name: 'GET is none of those',
    steps: [{ ask: 'GET /a', fields: ['max-forwards', '0'], answers: fresh('a'), expect: { body: 'a', cacheStatus: STORED } }],
  },
];

describe('a 304', () => it.each(validations)('$name', play));
describe('Max-Forwards: 0 is answered here', () => it.each(forwards)('$name', play));
