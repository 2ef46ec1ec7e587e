// SECURITY §3 "Unkeyed header poisoning": what an attacker says in a request that is not in its key.
import type { Fields } from '../../src/http/fields.ts';
import { fresh, STORED } from '../proxy/journey.ts';
import type { Reply, SeenRequest } from '../support/origin.ts';
import { bytesOf, type RawJourney, type RawRow, rowsOf } from './raw-journey.ts';

const HIT = 'hit; ttl=60';
const MARK = 'evil';
const CLEAN = new RegExp(`^(?!.*${MARK})`, 's');
const POISONED = new RegExp(MARK);

/** An origin that writes all that it is sent into a page that may be stored. */
function reflecting(fields: Fields = []) {
  return (request: SeenRequest): Reply => fresh(JSON.stringify([request.method, request.path, request.fields]), fields);
}

/** Fields that only Freshet or a trusted proxy may say to an origin, or that order it to answer another request. */
const STRIPPED = [
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Scheme',
  'X-Forwarded-For',
  'X-Forwarded-Server',
  'X-Forwarded-Ssl',
  'X-Forwarded-Path',
  'X-Forwarded-Anything',
  'Forwarded',
  'X-Host',
  'X-HTTP-Host-Override',
  'X-Original-Host',
  'X-Original-URL',
  'X-Original-URI',
  'X-Original-Method',
  'X-Original-Forwarded-For',
  'X-Rewrite-URL',
  'X-Override-URL',
  'X-HTTP-DestinationURL',
  'X-HTTP-Method',
  'X-HTTP-Method-Override',
  'X-Method-Override',
  'X-Middleware-Subrequest',
  'X-Middleware-Rewrite',
  'X-Middleware-Prefetch',
  'X-Real-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'Fastly-Client-IP',
  'X-Scheme',
  'X-URL-Scheme',
  'Front-End-Https',
  'Surrogate-Key',
  'Surrogate-Key-Purge',
  'Surrogate-Version',
  'Surrogate-Control',
  'Surrogate-Capability',
  'Cache-Tag',
  'Cache-Groups',
  'Cache-Group-Invalidation',
  'xkey',
  'Freshet-Cache-Control',
  'Freshet-Debug',
  'Keep-Alive',
  'TE',
  'Trailer',
  'Proxy-Authorization',
  'Proxy-Connection',
  'Upgrade',
];

/** Fields that an origin may vary on, and then has to say so. */
const FORWARDED = ['RSC', 'Next-Router-State-Tree', 'Accept-Language', 'Accept', 'User-Agent', 'Origin', 'Referer', 'X-Requested-With', 'X-Anything'];

function poisoned(name: string): string {
  return bytesOf('GET /a', [`${name}: ${MARK}`]);
}

function goesNoFurther(name: string): RawJourney {
  return {
    name: `${name} goes no further`,
    answers: reflecting(),
    steps: [
      { send: poisoned(name), expect: { cacheStatus: STORED, body: CLEAN } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: CLEAN } },
    ],
  };
}

const stripped = STRIPPED.map(goesNoFurther);

/** What an origin of the CGI family reads as one of them, or as what frames, selects or conditions a request. */
const disguised = [...STRIPPED, 'Transfer-Encoding', 'Content-Length', 'If-None-Match', 'If-Modified-Since', 'Cache-Control']
  .filter((name) => name.includes('-'))
  .map((name) => name.replaceAll('-', '_'))
  .concat('X-Forwarded_Host', 'x_forwarded-anything')
  .map(goesNoFurther);

const spelled: readonly RawJourney[] = [
  {
    name: 'a field with _ that nobody takes for another goes on',
    answers: reflecting(),
    steps: [{ send: poisoned('api_key'), expect: { body: POISONED, sent: { api_key: MARK } } }],
  },
  {
    name: 'an axis that is spelled with _ is not stored',
    answers: reflecting(['vary', 'x-tenant-id']),
    steps: [
      { send: poisoned('X_Tenant-Id'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=vary-not-allowed', body: POISONED } },
      { send: bytesOf('GET /a'), expect: { body: CLEAN, asked: 1 } },
    ],
  },
];

const varied = FORWARDED.map(
  (name): RawJourney => ({
    name: `${name} is for the origin to name in Vary`,
    answers: reflecting(['vary', name]),
    steps: [
      { send: poisoned(name), expect: { cacheStatus: STORED, body: POISONED } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: 'fwd=vary-miss; fwd-status=200; stored', body: CLEAN } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: CLEAN } },
    ],
  }),
);

/** With a list of what is forwarded nothing is left to the origin. */
const unlisted = [...FORWARDED, 'Cookie', 'Authorization', 'Content-Type', 'Accept-Encoding'].map(
  (name): RawJourney => ({
    name: `${name} is not listed in forward`,
    config: 'defaults: { forward: [x-listed] }',
    answers: reflecting(['cache-control', 'public', 'vary', name]),
    steps: [
      { send: poisoned(name), expect: { cacheStatus: STORED, body: CLEAN } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: CLEAN } },
    ],
  }),
);

const forward = { config: 'defaults: { forward: [X-Listed] }', answers: reflecting() };
const listed: readonly RawJourney[] = [
  {
    ...forward,
    name: 'forward: what is listed goes on, and what Freshet needs',
    steps: [
      {
        send: bytesOf('GET /a', ['X-Listed: 1', 'X-Other: 1', 'Cache-Control: max-age=5', 'Pragma: x', 'Range: bytes=0-1', 'If-Range: "a"']),
        expect: {
          sent: {
            'x-listed': '1',
            'x-other': undefined,
            'cache-control': 'max-age=5',
            pragma: 'x',
            range: 'bytes=0-1',
            'if-range': '"a"',
            host: 'shop.test',
            via: '1.1 freshet',
            'x-forwarded-for': '127.0.0.1',
          },
        },
      },
      {
        send: bytesOf('PUT /a', ['X-Other: 1', 'Content-Type: text/plain', 'If-Match: "a"'], 'x'),
        expect: { sent: { 'content-type': 'text/plain', 'content-length': '1', 'if-match': '"a"', 'x-other': undefined } },
      },
    ],
  },
  {
    ...forward,
    name: 'forward: the credentials of the scope go on',
    config: 'defaults: { forward: [], scope: { credential: [authorization, cookie.sid] } }',
    steps: [
      {
        send: bytesOf('GET /a', ['Authorization: Bearer one', 'Cookie: sid=1; other=2', 'X-Other: 1']),
        expect: { cacheStatus: STORED, sent: { authorization: 'Bearer one', cookie: 'sid=1', 'x-other': undefined } },
      },
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: /^(?!.*Bearer one)/s } },
    ],
  },
  {
    ...forward,
    name: 'forward: what a trusted proxy says goes on, and is keyed',
    config: 'defaults: { forward: [] }\ntrusted_proxies: [127.0.0.1]',
    steps: [
      { send: bytesOf('GET /a', ['X-Forwarded-Host: evil']), expect: { cacheStatus: STORED, sent: { 'x-forwarded-host': 'evil' } } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: CLEAN } },
    ],
  },
];

const cookies: readonly RawJourney[] = [
  {
    name: 'a cookie: what it was answered is not stored',
    answers: reflecting(),
    steps: [
      {
        send: bytesOf('GET /a', [`Cookie: theme=${MARK}`]),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=request-cookie', body: POISONED },
      },
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: CLEAN } },
    ],
  },
  {
    name: 'a cookie that is no part of the scope goes no further',
    config: 'defaults: { scope: { credential: [cookie.sid] } }',
    answers: reflecting(),
    steps: [
      { send: bytesOf('GET /a', [`Cookie: theme=${MARK}; sid=1`]), expect: { cacheStatus: STORED, body: CLEAN } },
      { send: bytesOf('GET /a', ['Cookie: sid=1']), expect: { cacheStatus: HIT, body: CLEAN } },
    ],
  },
  {
    name: 'an Authorization: what it was answered is not stored',
    answers: reflecting(),
    steps: [
      {
        send: bytesOf('GET /a', [`Authorization: Bearer ${MARK}`]),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=authorization', body: POISONED },
      },
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: CLEAN } },
    ],
  },
];

export const POISONINGS: readonly RawRow[] = rowsOf('3.1', [...stripped, ...disguised, ...spelled, ...varied, ...unlisted, ...listed, ...cookies]);
