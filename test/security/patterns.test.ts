// SECURITY §8 "ReDoS", "Event-loop stall": every reader of what comes from outside, on 64 KiB of what is hard to read. Counted is the time of this process
// alone; what takes a time that grows with the square of the length takes seconds for so much.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { hopByHop, loops, proxyClaims } from '../../src/http/forwarding.ts';
import { parseTarget, parseUrlSelector, type Target } from '../../src/http/target.ts';
import { readToken } from '../../src/identity/token.ts';
import { credentialParts, credentialScope, scopedCookies } from '../../src/proxy/scope.ts';
import { authorise, parsePurgeBody, parsePurgeMethod } from '../../src/purge/endpoint.ts';
import { escaped } from '../../src/purge/purge-log.ts';
import { purgeRequestedBy, responseTags, statedVersions } from '../../src/purge/surrogate-keys.ts';
import { invalidatedTargets } from '../../src/rules/invalidation.ts';
import { keyedTarget } from '../../src/rules/key.ts';
import { evaluatePreconditions, selected } from '../../src/rules/preconditions.ts';
import { breaksPromise } from '../../src/rules/promised-type.ts';
import { rangeAnswer } from '../../src/rules/ranges.ts';
import { expandTemplates } from '../../src/rules/templates.ts';
import { judgeStorability } from '../../src/rules/storability.ts';
import { confirms } from '../../src/rules/validation.ts';
import { axisValues } from '../../src/rules/variant.ts';
import { entry, fill, relaxedPolicy } from '../rules/builders.ts';

const BYTES = 64 * 1024;
const MOST_CPU_MS = 300;

/** Repeated, between a beginning of something and a `b`. */
const UNITS = ' |\t|"|\\|\\"|,| ,|;|=|.|/|/.|%2e|%2f..|:|*|-|1|a|W/|"a|a=|a b|a;q=|for |by="|&a=|+|[|private,|bytes=0-,|"",'.split('|');
const BEGINNINGS = ['a', 'bytes=', 'Bearer ', 'max-age="', 'for="', '/a'];

const base: Target = { scheme: 'http', authority: 'shop.example', path: '/a', query: '' };
const held = entry({ fields: ['etag', '"v1"', 'last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT'], body: Buffer.from('0123456789') });
const settings = { headers: ['surrogate-key', 'cache-tag', 'xkey', 'cache-groups'], maxBytes: 2 * BYTES, maxCount: 10_000 };
const asked = (fields: Fields) => ({ method: 'GET', fields });
const secret = Buffer.alloc(32);
const cookies = { kind: 'credential', sources: [{ kind: 'cookie', name: 'a' }] } as const;

type Reader = (text: string) => unknown;

const ofOrigins: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(
    [
      'cache-control',
      'freshet-cache-control',
      'cdn-cache-control',
      'surrogate-control',
      'vary',
      'age',
      'date',
      'expires',
      'etag',
      'last-modified',
    ].map((name): [string, Reader] => [
      name,
      (text) => judgeStorability(fill({ fields: ['cache-control', 'max-age=60', name, text], policy: relaxedPolicy })),
    ]),
  ),
  ...Object.fromEntries(settings.headers.map((name): [string, Reader] => [name, (text) => responseTags([name, text], settings)])),
  'content-range': (text) =>
    judgeStorability(fill({ status: 206, fields: ['cache-control', 'max-age=60', 'content-range', text], policy: relaxedPolicy })),
  'content-type': (text) => breaksPromise('/a.css', ['content-type', text]),
  'surrogate-version': (text) => statedVersions(['surrogate-version', text]),
  'surrogate-key-purge': (text) => purgeRequestedBy(['surrogate-key-purge', text], settings),
  'cache-group-invalidation': (text) => purgeRequestedBy(['cache-group-invalidation', text], settings),
  location: (text) => invalidatedTargets(base, { status: 201, statusText: '', fields: ['location', text] }),
  'etag of a 304': (text) => confirms(held, { status: 304, statusText: '', fields: ['etag', text] }),
};

const ofClients: Readonly<Record<string, Reader>> = {
  'request target': (requestTarget) => parseTarget({ requestTarget, hosts: ['a'], method: 'GET', scheme: 'http', version: '1.1' }),
  host: (host) => parseTarget({ requestTarget: '/', hosts: [host], method: 'GET', scheme: 'http', version: '1.1' }),
  path: (text) => breaksPromise(`/${text}`, []),
  query: (query) => keyedTarget({ ...base, query: `?${query}` }, { kind: 'include', patterns: ['a', 'b*'] }),
  'query of a template': (query) => expandTemplates(['{query.a}'], { parameters: new Map() }, { query: `?${query}` }),
  connection: (text) => hopByHop(['connection', text]),
  'cdn-loop': (text) => loops(['cdn-loop', text]),
  forwarded: (text) => proxyClaims(['forwarded', text]),
  cookie: (text) => [credentialScope(cookies.sources, ['cookie', text], secret), scopedCookies(cookies, text), credentialParts(['cookie', text])],
  authorization: (text) => authorise(['authorization', text], 'token'),
  token: readToken,
  range: (text) => rangeAnswer(asked(['range', text]), held),
  'if-range': (text) => rangeAnswer(asked(['range', 'bytes=0-1', 'if-range', text]), held),
  ...Object.fromEntries(
    ['if-none-match', 'if-match', 'if-modified-since', 'if-unmodified-since'].map((name): [string, Reader] => [
      name,
      (text) => evaluatePreconditions(asked([name, text]), selected(held)),
    ]),
  ),
  ...Object.fromEntries(
    ['accept-encoding', 'accept-language', 'accept'].map((name): [string, Reader] => [
      name,
      (text) => axisValues([name], [name, text], relaxedPolicy),
    ]),
  ),
  'cache-control of a request': (text) => judgeStorability(fill({ request: ['cache-control', text] })),
};

const ofOperators: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(
    [...settings.headers, 'purge-settle', 'soft-purge'].map((name): [string, Reader] => [
      `${name} of PURGE`,
      (text) => parsePurgeMethod({ target: base, fields: [name, text] }, { actor: '', tagHeaders: settings.headers }),
    ]),
  ),
  'a body': (text) => parsePurgeBody(text, { actor: '', fields: [], scopes: ['sub'] }),
  'members of a body': (text) =>
    parsePurgeBody(JSON.stringify({ tags: [text], urls: [text], prefixes: [text], scopes: [{ sub: text }], settle: text }), {
      actor: '',
      fields: [],
      scopes: ['sub'],
    }),
  'a URL': parseUrlSelector,
  'a line of the log': (text) => escaped(text, 500),
};

describe.each([
  { whose: 'of origins', readers: ofOrigins },
  { whose: 'of clients', readers: ofClients },
  { whose: 'of operators', readers: ofOperators },
])('$whose', ({ readers }) => {
  it.each(Object.entries(readers))('%s', { timeout: 60_000 }, (_name, read) => {
    for (const unit of UNITS) {
      for (const beginning of BEGINNINGS) {
        const text = `${beginning}${unit.repeat(BYTES / unit.length)}b`;
        const before = process.cpuUsage();
        read(text);
        const { user, system } = process.cpuUsage(before);
        expect((user + system) / 1000, JSON.stringify(text.slice(0, 30))).toBeLessThan(MOST_CPU_MS);
      }
    }
  });
});
