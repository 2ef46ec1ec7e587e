// Journeys of identity and keys: whom an answer is shared with, what cookies mean, which query parameters count (DESIGN section 6, SECURITY §3 to §5).
import { describe, it } from 'vitest';
import { fieldValue } from '../../src/http/fields.ts';
import type { Script } from '../support/origin.ts';
import { fresh, type Journey, play, STORED } from './journey.ts';

const HIT = 'hit; ttl=60';
const as = (credential: string) => ['authorization', credential];
/** Says whom it was made for. */
const personal: Script = (request) =>
  fresh(`${fieldValue(request.fields, 'authorization') ?? 'nobody'} ${fieldValue(request.fields, 'cookie') ?? 'no cookie'}`);

const credentials: readonly Journey[] = [
  {
    name: 'each credential has its own, and so has nobody',
    config: 'defaults: { scope: credential }',
    steps: [
      { ask: 'GET /a', fields: as('Bearer one'), answers: personal, expect: { cacheStatus: STORED, body: 'Bearer one no cookie' } },
      { ask: 'GET /a', fields: as('Bearer two'), expect: { cacheStatus: STORED, body: 'Bearer two no cookie' } },
      { ask: 'GET /a', expect: { cacheStatus: STORED, body: 'nobody no cookie' } },
      { ask: 'GET /a', fields: as('Bearer one'), expect: { cacheStatus: HIT, body: 'Bearer one no cookie' } },
      { ask: 'GET /a', fields: as('Bearer two'), expect: { cacheStatus: HIT, body: 'Bearer two no cookie' } },
      { ask: 'GET /a', expect: { cacheStatus: HIT, body: 'nobody no cookie' } },
      { ask: 'GET /a', fields: as('bearer one'), expect: { cacheStatus: STORED, body: 'bearer one no cookie' } },
    ],
  },
  {
    name: 'a named cookie is a credential; the others are not forwarded, so that they change nothing',
    config: 'defaults: { scope: { credential: [authorization, cookie.session] } }',
    steps: [
      {
        ask: 'GET /a',
        fields: ['cookie', 'theme=dark; session=s1; track=9'],
        answers: personal,
        expect: { cacheStatus: STORED, body: 'nobody session=s1', sent: { cookie: 'session=s1' } },
      },
      { ask: 'GET /a', fields: ['cookie', 'session=s1; theme=light'], expect: { cacheStatus: HIT, body: 'nobody session=s1' } },
      { ask: 'GET /a', fields: ['cookie', 'session=s2'], expect: { cacheStatus: STORED, body: 'nobody session=s2' } },
      { ask: 'GET /a', fields: ['cookie', 'theme=dark'], expect: { cacheStatus: STORED, body: 'nobody no cookie', sent: { cookie: undefined } } },
      {
        ask: 'GET /a',
        fields: ['cookie', 'session=s1', ...as('Bearer one')],
        expect: { cacheStatus: STORED, body: 'Bearer one session=s1' },
      },
      { ask: 'GET /a', fields: ['cookie', 'session=s1; session=s2'], expect: { cacheStatus: STORED, body: 'nobody session=s1; session=s2' } },
      { ask: 'GET /a', fields: ['cookie', 'session=s2; session=s1'], expect: { cacheStatus: STORED } },
    ],
  },
  {
    name: 'an Auth-Scope that nobody asked for says nothing',
    config: 'defaults: { scope: credential }',
    steps: [
      { ask: 'GET /a', fields: as('Bearer one'), answers: fresh('x', ['auth-scope', 'gold']), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: as('Bearer one'), expect: { cacheStatus: HIT } },
    ],
  },
  {
    name: 'a credential cannot be split so that two read alike',
    config: 'defaults: { scope: { credential: [authorization, cookie.a] } }',
    steps: [
      { ask: 'GET /a', fields: [...as('x'), 'cookie', 'a=yz'], answers: personal, expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: [...as('xy'), 'cookie', 'a=z'], expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: as('xyz'), expect: { cacheStatus: STORED } },
    ],
  },
  {
    name: 'private is stored for one user alone, where the route says so',
    config: 'routes: [{ path: /mine, scope: credential, store_private: true }, { path: /ours, scope: credential }]',
    steps: [
      { ask: 'GET /mine', fields: as('one'), answers: { fields: ['cache-control', 'private, max-age=60'] }, expect: { cacheStatus: STORED } },
      { ask: 'GET /mine', fields: as('one'), expect: { cacheStatus: HIT } },
      { ask: 'GET /mine', expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private' } },
      {
        ask: 'GET /ours',
        fields: as('one'),
        answers: { fields: ['cache-control', 'private, max-age=60'] },
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private' },
      },
    ],
  },
  {
    name: 'public: an authorized request shares only what says so, and takes what is shared',
    steps: [
      { ask: 'GET /a', fields: as('one'), answers: fresh('x'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=authorization' } },
      { ask: 'GET /b', fields: as('one'), answers: { fields: ['cache-control', 'public, max-age=60'] }, expect: { cacheStatus: STORED } },
      { ask: 'GET /b', fields: as('two'), expect: { cacheStatus: HIT } },
      { ask: 'GET /c', fields: as('one'), answers: { fields: ['cache-control', 's-maxage=60'] }, expect: { cacheStatus: STORED } },
      { ask: 'GET /c', expect: { cacheStatus: HIT } },
    ],
  },
];

const forwarded: readonly Journey[] = [
  {
    name: 'what is never stored goes on with all its cookies',
    config: 'defaults: { scope: { credential: [cookie.session] } }\nroutes: [{ path: /live, pass: true }, { path: /kept, store_post: true }]',
    steps: [
      { ask: 'POST /a', fields: ['cookie', 'session=s; csrf=t'], answers: personal, expect: { sent: { cookie: 'session=s; csrf=t' } } },
      { ask: 'GET /live', fields: ['cookie', 'session=s; csrf=t'], answers: personal, expect: { sent: { cookie: 'session=s; csrf=t' } } },
      { ask: 'POST /kept', fields: ['cookie', 'session=s; csrf=t'], answers: personal, expect: { sent: { cookie: 'session=s' } } },
    ],
  },
];

/** What a POST leaves for a GET, by the setting `cookies` and what its answer says; GET meets the same rules. */
const postsWithCookies: readonly Journey[] = (
  [
    ['explicit', 'max-age=60', undefined, 'a=1'],
    ['explicit', 'public, max-age=60', 'posted', 'a=1'],
    ['ignore', 'max-age=60', 'posted', 'a=1'],
    ['strip', 'max-age=60', 'posted', undefined],
  ] as const
).map(([policy, control, kept, cookie]) => ({
  name: `of a POST: ${policy}, ${control}: ${kept === undefined ? 'not stored' : 'stored'}`,
  config: `defaults: { store_post: true, cookies: ${policy} }`,
  steps: [
    {
      ask: 'POST /a',
      fields: ['cookie', 'a=1'],
      answers: { fields: ['cache-control', control, 'content-location', '/a'], body: 'posted' },
      expect: { body: 'posted', sent: { cookie } },
    },
    { ask: 'GET /a', answers: fresh('got'), expect: { body: kept ?? 'got', cacheStatus: kept === undefined ? STORED : HIT } },
  ],
}));

const cookies: readonly Journey[] = [
  ...postsWithCookies,
  {
    name: 'explicit: an answer to a request with cookies is stored only where it says that it is shared',
    steps: [
      {
        ask: 'GET /a',
        fields: ['cookie', 'a=1'],
        answers: fresh('x'),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=request-cookie', sent: { cookie: 'a=1' } },
      },
      { ask: 'GET /a', expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['cookie', 'a=1'], expect: { cacheStatus: HIT } },
      { ask: 'GET /b', fields: ['cookie', 'a=1'], answers: { fields: ['cache-control', 'public, max-age=60'] }, expect: { cacheStatus: STORED } },
      { ask: 'GET /c', fields: ['cookie', 'a=1'], answers: { fields: ['cdn-cache-control', 'max-age=60'] }, expect: { cacheStatus: STORED } },
    ],
  },
  {
    name: 'ignore: forwarded, and of no meaning',
    config: 'defaults: { cookies: ignore }',
    steps: [
      { ask: 'GET /a', fields: ['cookie', 'a=1'], answers: fresh('x'), expect: { cacheStatus: STORED, sent: { cookie: 'a=1' } } },
      { ask: 'GET /a', fields: ['cookie', 'a=2'], expect: { cacheStatus: HIT } },
    ],
  },
  {
    name: 'strip: not forwarded, so that even Vary: Cookie is one variant',
    config: 'defaults: { cookies: strip }',
    steps: [
      {
        ask: 'GET /a',
        fields: ['cookie', 'a=1'],
        answers: fresh('x', ['vary', 'cookie']),
        expect: { cacheStatus: STORED, sent: { cookie: undefined } },
      },
      { ask: 'GET /a', fields: ['cookie', 'a=2'], expect: { cacheStatus: HIT } },
    ],
  },
  {
    name: 'store_set_cookie',
    config: 'defaults: { store_set_cookie: true }',
    steps: [
      { ask: 'GET /a', answers: fresh('x', ['set-cookie', 'lang=de']), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', expect: { cacheStatus: HIT, fields: { 'set-cookie': 'lang=de' } } },
    ],
  },
];

const echo: Script = (request) => fresh(request.path);

const queries: readonly Journey[] = [
  {
    name: 'include: only these, sorted, both keyed and forwarded',
    config: 'routes: [{ path: /a, query: { include: [page, sort] } }]',
    steps: [
      {
        ask: 'GET /a?sort=up&utm=1&page=2&page=1',
        forwardedAs: '/a?page=2&page=1&sort=up',
        answers: echo,
        expect: { cacheStatus: STORED, body: '/a?page=2&page=1&sort=up' },
      },
      { ask: 'GET /a?page=2&page=1&sort=up&utm=2', expect: { cacheStatus: HIT, body: '/a?page=2&page=1&sort=up' } },
      { ask: 'GET /a?page=1&page=2&sort=up', expect: { status: 404 } },
    ],
  },
  {
    name: 'exclude: all but these',
    config: 'defaults: { query: { exclude: ["utm_*", session] } }',
    steps: [
      {
        ask: 'GET /a?utm_source=x&b=2&session=7&a=1',
        forwardedAs: '/a?a=1&b=2',
        answers: echo,
        expect: { cacheStatus: STORED, body: '/a?a=1&b=2' },
      },
      { ask: 'GET /a?a=1&b=2', expect: { cacheStatus: HIT } },
    ],
  },
  {
    name: 'ignore: none, so that every query is one URL',
    config: 'defaults: { query: { ignore: true } }',
    steps: [
      { ask: 'GET /a', answers: echo, expect: { cacheStatus: STORED, body: '/a' } },
      { ask: 'GET /a?x=1', expect: { cacheStatus: HIT, body: '/a' } },
      { ask: 'GET /a?y=2', expect: { cacheStatus: HIT, body: '/a' } },
    ],
    asked: ['GET /a'],
  },
  {
    name: 'without a rule: as received',
    steps: [
      { ask: 'GET /a?b=2&a=1&', answers: echo, expect: { cacheStatus: STORED, body: '/a?b=2&a=1&' } },
      { ask: 'GET /a?a=1&b=2', answers: echo, expect: { cacheStatus: STORED } },
      { ask: 'GET /a?b=2&a=1&', expect: { cacheStatus: HIT } },
    ],
  },
];

describe('scope credential', () => it.each([...credentials, ...forwarded])('$name', play));
describe('cookies under scope public', () => it.each(cookies)('$name', play));
describe('query rules', () => it.each(queries)('$name', play));
