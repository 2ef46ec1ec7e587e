// DESIGN section 2 "Purging", PURGE-PROTOCOL §4.8, SECURITY §6.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerOf,
  answerRefused,
  answerUnauthorised,
  authorise,
  type ParsedPurge,
  parsePurgeBody,
  parsePurgeMethod,
} from '../../src/purge/endpoint.ts';
import { NOTHING } from '../../src/purge/order.ts';
import type { Answer } from '../../src/purge/problem.ts';

const HOW = { ...NOTHING, kind: 'operator', actor: 'test' };
const FROM = {
  actor: 'test',
  fields: [],
  tagHeaders: ['surrogate-key', 'xkey', 'cache-tag', 'cache-groups'],
  scopes: ['authorization', 'cookie.session'],
};

/** `[status, detail]` of a refusal. */
function refusal(parsed: ParsedPurge): [number, string] | ParsedPurge {
  return parsed.kind === 'problem' ? [parsed.answer.status, detailOf(parsed.answer)] : parsed;
}

function detailOf(answer: Answer): string {
  const body: unknown = JSON.parse(answer.body);
  expect(body).toMatchObject({ type: expect.stringMatching(/^urn:/), title: expect.any(String), status: answer.status, detail: expect.any(String) });
  expect(answer.fields.slice(0, 4)).toEqual(['content-type', 'application/problem+json', 'cache-control', 'no-store']);
  return (body as { detail: string }).detail;
}

describe('the token', () => {
  const rows: readonly [name: string, fields: string[], expected: string][] = [
    ['right', ['authorization', 'Bearer secret'], 'ok'],
    ['the scheme in any case', ['authorization', 'bearer secret'], 'ok'],
    ['none', [], 'missing'],
    ['wrong', ['authorization', 'Bearer secre'], 'wrong'],
    ['empty', ['authorization', 'Bearer '], 'wrong'],
    ['another scheme', ['authorization', 'Basic secret'], 'wrong'],
    ['twice', ['authorization', 'Bearer secret', 'authorization', 'Bearer secret'], 'wrong'],
    ['something after it', ['authorization', 'Bearer secret x'], 'wrong'],
  ];
  it.each(rows)('%s', (_name, fields, expected) => expect(authorise(fields, 'secret')).toBe(expected));

  it('a missing or wrong one is answered 401 with a challenge', () => {
    for (const kind of ['missing', 'wrong'] as const) {
      const answer = answerUnauthorised(kind);
      expect([answer.status, answer.fields.includes('www-authenticate')]).toEqual([401, true]);
      expect(detailOf(answer)).toContain('Bearer');
    }
  });
});

describe('PURGE', () => {
  const target = { scheme: 'http', authority: 'shop.example', path: '/products/42', query: '?x' } as const;
  const ofUrl = { urls: [{ authority: 'shop.example', path: '/products/42', query: '?x' }] };
  const parse = (fields: string[], path: string = target.path) => parsePurgeMethod({ target: { ...target, path }, fields }, FROM);

  const orders: readonly [name: string, fields: string[], expected: object][] = [
    ['the URL', [], ofUrl],
    ['the tags, whatever the path', ['surrogate-key', 'a b', 'surrogate-key', 'b c'], { tags: ['a', 'b', 'c'] }],
    ['the tags of every tag header together', ['xkey', 'a b', 'cache-tag', 'c, d', 'surrogate-key', 'a e'], { tags: ['a', 'e', 'b', 'c', 'd'] }],
    [
      "groups, of the request's host",
      ['cache-groups', '"a b"', 'cache-groups', '"c", "c"'],
      {
        groups: [
          { origin: 'shop.example', group: 'a b' },
          { origin: 'shop.example', group: 'c' },
        ],
      },
    ],
    ['tags and groups', ['cache-groups', '"g"', 'xkey', 't'], { tags: ['t'], groups: [{ origin: 'shop.example', group: 'g' }] }],
    ['an empty body is none', ['content-length', '0'], ofUrl],
    ['soft', ['soft-purge', '1'], { ...ofUrl, mode: 'soft' }],
    ['soft as Fastly writes it', ['fastly-soft-purge', '1'], { ...ofUrl, mode: 'soft' }],
    ['not soft', ['soft-purge', '0'], ofUrl],
    ['settle', ['purge-settle', '2s'], { ...ofUrl, settleMs: 2000 }],
    ['no settle', ['purge-settle', '0s'], { ...ofUrl, settleMs: 0 }],
    ['respond-async: nobody waits', ['prefer', 'respond-async'], { ...ofUrl, waitMs: 0 }],
    ['256 tags', ['surrogate-key', Array.from({ length: 256 }, (_, i) => i).join(' ')], { tags: Array.from({ length: 256 }, (_, i) => String(i)) }],
  ];
  it.each(orders)('%s', (_name, fields, expected) => expect(parse(fields)).toEqual({ kind: 'order', order: { ...HOW, ...expected } }));

  const refusals: readonly [name: string, fields: string[], status: number, detail: RegExp][] = [
    ['no tag in Surrogate-Key: never the URL instead', ['surrogate-key', ' '], 400, /no tag in surrogate-key\./],
    ['no tag in Cache-Tag: never the URL instead', ['cache-tag', ','], 400, /no tag in cache-tag\./],
    ['no group: never the URL instead', ['cache-groups', ''], 400, /no tag in cache-groups\./],
    ['Cache-Groups without quotes', ['cache-groups', 'g'], 400, /cache-groups.*double quotes/],
    ['257 tags and groups', ['xkey', Array.from({ length: 256 }, (_, i) => i).join(' '), 'cache-groups', '"g"'], 413, /257 tags and groups; 256/],
    ['a long group', ['cache-groups', `"${'g'.repeat(1025)}"`], 413, /group.*1025 bytes/],
    ['a body', ['content-length', '14'], 400, /PURGE takes no body.*POST \/v1\/purge/],
    ['a chunked body, and tags', ['transfer-encoding', 'chunked', 'surrogate-key', 'a'], 400, /PURGE takes no body/],
    ['a comma', ['surrogate-key', 'a,b'], 400, /"a,b".*commas/],
    ['a NUL', ['surrogate-key', 'a\u0000b'], 400, /"a\\u0000b"/],
    ['UTF-8', ['surrogate-key', 'caf\u00c3\u00a9'], 400, /visible ASCII/],
    ['257 tags', ['surrogate-key', Array.from({ length: 257 }, (_, i) => i).join(' ')], 413, /257 tags; 256/],
    ['a long tag', ['surrogate-key', 'a'.repeat(1025)], 413, /1025 bytes; 1024/],
    ['Soft-Purge: yes', ['soft-purge', 'yes'], 400, /soft-purge: found "yes"; 0 or 1/],
    ['settle without unit', ['purge-settle', '2'], 400, /Purge-Settle: found "2"/],
    ['settle too long', ['purge-settle', '2h'], 400, /at most 1h/],
  ];
  it.each(refusals)('%s is refused', (_name, fields, status, detail) => {
    expect(refusal(parse(fields))).toEqual([status, expect.stringMatching(detail)]);
  });

  it('a tag header that carries no tags here is refused, never the URL instead; Surrogate-Key always counts', () => {
    const [other, always] = ['cache-tag', 'surrogate-key'].map((name) =>
      parsePurgeMethod({ target, fields: [name, 'a'] }, { actor: 'test', tagHeaders: ['xkey'] }),
    ) as [ParsedPurge, ParsedPurge];
    expect(refusal(other)).toEqual([400, expect.stringMatching(/^cache-tag carries no tags here; surrogate-key, xkey can/)]);
    expect(always).toEqual({ kind: 'order', order: { ...HOW, tags: ['a'] } });
  });

  it('* is refused', () => expect(refusal(parse([], '*'))).toEqual([400, expect.any(String)]));
});

describe('POST /v1/purge', () => {
  const orders: readonly [name: string, body: object, expected: object][] = [
    ['tags, each once', { tags: ['a', 'b', 'a'] }, { tags: ['a', 'b'] }],
    [
      'URLs in three forms',
      { urls: ['http://Shop.Example:80/a?b', '//shop.example/a', '/a'] },
      {
        urls: [
          { authority: 'shop.example', path: '/a', query: '?b' },
          { authority: 'shop.example', path: '/a', query: '' },
          { authority: undefined, path: '/a', query: '' },
        ],
      },
    ],
    ['prefixes', { prefixes: ['/docs/*'] }, { prefixes: [{ authority: undefined, path: '/docs/*' }] }],
    [
      'scopes',
      { scopes: [{ authorization: 'Bearer one' }, { 'cookie.session': 's2' }] },
      {
        scopes: [
          ['authorization', 'Bearer one'],
          ['cookie.session', 's2'],
        ],
      },
    ],
    ['all', { all: true }, { all: true }],
    ['versions alone', { versions: { 'product:42': 18 } }, { versions: new Map([['product:42', 18]]) }],
    [
      'how',
      { tags: ['a'], all: false, mode: 'soft', settle: '250ms', reason: 'new price' },
      { tags: ['a'], mode: 'soft', settleMs: 250, reason: 'new price' },
    ],
    ['names from prototypes are names', { versions: JSON.parse('{"__proto__":1}') as object }, { versions: new Map([['__proto__', 1]]) }],
  ];
  it.each(orders)('%s', (_name, body, expected) => {
    expect(parsePurgeBody(JSON.stringify(body), FROM)).toEqual({ kind: 'order', order: { ...HOW, ...expected } });
  });

  const refusals: readonly [name: string, body: string, status: number, detail: RegExp][] = [
    ['not JSON', '{"tags":', 400, /not a JSON object/],
    ['no object', '["a"]', 400, /not a JSON object/],
    ['null', 'null', 400, /not a JSON object/],
    ['nothing', '', 400, /not a JSON object/],
    ['no selector', '{}', 400, /Name something in tags, urls, prefixes, scopes, all/],
    ['no selector but how', '{"mode":"soft","tags":[],"all":false}', 400, /Name something/],
    ['an unknown member', '{"tag":["a"]}', 400, /no member "tag"; tags, urls.*Did you mean tags\?/],
    ['a known one beside an unknown one', '{"tags":["a"],"prefix":"/"}', 400, /Did you mean prefixes\?/],
    ['a string for an array', '{"tags":"a"}', 400, /tags: found "a"; an array/],
    ['a number for a tag', '{"tags":["a",1]}', 400, /tags: found 1; each must be a string/],
    ['a bad tag', '{"tags":["a b"]}', 400, /"a b"/],
    ['an empty tag', '{"tags":[""]}', 400, /The tag ""/],
    ['a URL that is none', '{"urls":["products"]}', 400, /urls: "products"/],
    ['a fragment', '{"urls":["/a#b"]}', 400, /"\/a#b"/],
    ['a prefix with a query', '{"prefixes":["/a?b"]}', 400, /without a query/],
    [
      'two names in a scope',
      '{"scopes":[{"sub":"a","tenant":"b"}]}',
      400,
      /found \{"sub":"…","tenant":"…"\}; each must be an object with one name and its string/,
    ],
    [
      'a scope whose value is no string',
      '{"scopes":[{"authorization":1}]}',
      400,
      /found \{"authorization":1\}; each must be an object with one name/,
    ],
    ['a credential as an array', '{"scopes":["SECRET"]}', 400, /^scopes: found "…"/],
    ['a credential for an array', '{"scopes":{"authorization":"SECRET"}}', 400, /^scopes: found \{"authorization":"…"\}; an array is allowed/],
    [
      'a scope that no route has',
      '{"tags":["a"],"scopes":[{"authorization":"one"},{"sub":"SECRET"}]}',
      400,
      /^scopes: "sub" is part of no route's scope; allowed: authorization, cookie\.session\.$/,
    ],
    ['a misspelt one', '{"scopes":[{"authorisation":"SECRET"}]}', 400, /^scopes: "authorisation" is part of no route's scope/],
    [
      'a credential for a name',
      '{"scopes":[{"Bearer SECRET":"authorization"}]}',
      400,
      /^(?!.*SECRET)scopes: a name that is not shown is part of no route's scope; allowed: authorization, cookie\.session\.$/,
    ],
    ['a credential for a name, and no string', '{"scopes":[{"SECRET":1}]}', 400, /^(?!.*SECRET)scopes: found \{"…0":1\}/],
    ['a credential for a name in an array', '{"scopes":[[{"SECRET-1":{"SECRET-2":1}}]]}', 400, /^(?!.*SECRET)scopes: found/],
    ['a credential for a member', '{"Bearer SECRET":["authorization"]}', 400, /^(?!.*SECRET)There is no member of a name that is not shown; tags, /],
    ['another cookie', '{"scopes":[{"cookie.sid":"SECRET"}]}', 400, /^scopes: "cookie\.sid" is part/],
    ['a mode', '{"all":true,"mode":"gentle"}', 400, /mode: found "gentle"; "hard" or "soft"/],
    ['all as text', '{"all":"true"}', 400, /all: found "true"/],
    ['settle as a number', '{"all":true,"settle":2}', 400, /settle: found 2/],
    ['a version that is none', '{"versions":{"a":1.5}}', 400, /1\.5 of "a"/],
    ['a null member', '{"tags":["a"],"urls":null}', 400, /urls: found null/],
    ['all faults at once', '{"tags":["a b"],"mode":1,"x":2}', 400, /"x".*mode|mode.*"x"/s],
    ['257 URLs', JSON.stringify({ urls: Array.from({ length: 257 }, () => '/a') }), 413, /257 urls; 256/],
    ['257 tags', JSON.stringify({ tags: Array.from({ length: 257 }, (_, i) => `t${i}`) }), 413, /257 tags/],
    ['over 64 KiB', JSON.stringify({ all: true, reason: 'a'.repeat(64 * 1024) }), 413, /65536 bytes/],
  ];
  it.each(refusals)('%s is refused', (_name, body, status, detail) => {
    expect(refusal(parsePurgeBody(body, FROM))).toEqual([status, expect.stringMatching(detail)]);
  });

  it('a scope is refused where no route has one', () => {
    const parsed = parsePurgeBody('{"scopes":[{"authorization":"one"}]}', { actor: 'test', fields: [], scopes: [] });
    expect(refusal(parsed)).toEqual([400, expect.stringMatching(/"authorization" is part of no route's scope; every route is public\.$/)]);
  });

  it('property: no value of a scope is repeated, nor one that stands for a name', () => {
    const secret = fc.stringMatching(/^[A-Z]{12}$/);
    const names = fc.oneof(fc.string(), secret);
    const scopes = fc.oneof(
      secret,
      fc.array(fc.oneof(secret, fc.dictionary(names, secret))),
      fc.dictionary(names, fc.oneof(secret, fc.array(secret))),
    );
    fc.assert(
      fc.property(scopes, (given) => {
        const parsed = parsePurgeBody(JSON.stringify({ scopes: given }), FROM);
        if (parsed.kind === 'problem') expect(detailOf(parsed.answer)).not.toMatch(/[A-Z]{12}/);
      }),
    );
  });

  it('property: never throws, and an order always names something', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ tags: fc.array(fc.string()), all: fc.anything(), versions: fc.object() }, { requiredKeys: [] }).map((body) => JSON.stringify(body)),
    );
    fc.assert(
      fc.property(text, (body) => {
        const parsed = parsePurgeBody(body, FROM);
        if (parsed.kind === 'order') expect(parsed.order.all || parsed.order.tags.length + parsed.order.versions.size > 0).toBe(true);
        else detailOf(parsed.answer);
      }),
    );
  });
});

describe('answers', () => {
  const receipt = { id: '9f3c.814', authority: 'process', mode: 'hard', tags: 3, urls: 0, waitedMs: 0.6 } as const;

  it('200 as DESIGN shows it', () => {
    const answer = answerOf({ kind: 'confirmed', epoch: 814, receipt });
    expect(answer).toEqual({
      status: 200,
      fields: ['content-type', 'application/json', 'cache-control', 'no-store'],
      body: '{"id":"9f3c.814","state":"confirmed","guarantee":"linearizable","authority":"process","mode":"hard","tags":3,"urls":0,"waited_ms":0.6}',
    });
  });

  it('a soft purge guarantees nothing', () => {
    expect(JSON.parse(answerOf({ kind: 'confirmed', epoch: 814, receipt: { ...receipt, mode: 'soft' } }).body)).toMatchObject({
      guarantee: 'none',
      mode: 'soft',
    });
  });

  it('with the nodes that were asked', () => {
    const nodes = { confirmed: 2, expired: 0 };
    expect(answerOf({ kind: 'confirmed', epoch: 814, receipt: { ...receipt, authority: 'lease', nodes } }).body).toBe(
      '{"id":"9f3c.814","state":"confirmed","guarantee":"linearizable","authority":"lease","mode":"hard","tags":3,"urls":0,"nodes":{"confirmed":2,"expired":0},"waited_ms":0.6}',
    );
  });

  it.each([
    ['hard', 'bounded'],
    ['soft', 'none'],
  ] as const)('202 where a %s purge is not confirmed yet', (mode, guarantee) => {
    const answer = answerOf({ kind: 'committed', boundMs: 3110, receipt: { ...receipt, authority: 'lease', mode } });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      202,
      { id: '9f3c.814', state: 'committed', guarantee, bound_ms: 3110, authority: 'lease', mode, tags: 3, urls: 0, waited_ms: 0.6 },
    ]);
  });

  it.each(['unknown', 'rejected'] as const)('503 where it is %s: asking again is safe', (kind) => {
    const answer = answerOf({ kind });
    expect([answer.status, answer.fields.slice(4), JSON.parse(answer.body)]).toEqual([
      503,
      ['retry-after', '1'],
      { type: `urn:problem-type:freshet:${kind}`, title: expect.any(String), status: 503, detail: expect.any(String), state: kind, retry: 'safe' },
    ]);
  });

  it.each([
    [[], undefined],
    [['prefer', 'respond-async'], 0],
    [['prefer', 'wait=2'], 2_000],
    [['prefer', 'respond-async, wait=2'], 2_000],
  ] as const)('Prefer %j: whoever asks waits so long', (fields, waitMs) => {
    const target = { scheme: 'http', authority: 'shop.example', path: '/a', query: '' } as const;
    for (const parsed of [
      parsePurgeMethod({ target, fields: [...fields, 'surrogate-key', 'a'] }, FROM),
      parsePurgeBody('{"tags":["a"]}', { ...FROM, fields }),
    ]) {
      expect(parsed).toMatchObject({ kind: 'order' });
      expect(parsed.kind === 'order' && parsed.order.waitMs).toBe(waitMs);
    }
  });

  it.each([
    ['out of holds', () => answerOf({ kind: 'out-of-holds' }), '5'],
    ['over the rate', () => answerRefused({ kind: 'refused', retryAfterSeconds: 3 }), '3'],
  ])('%s: 429 with Retry-After', (_name, answered, seconds) => {
    const answer = answered();
    expect(answer.status).toBe(429);
    expect(answer.fields.slice(4)).toEqual(['retry-after', seconds]);
    detailOf(answer);
  });
});
