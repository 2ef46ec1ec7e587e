// Journeys of verified claims: who shares an answer, who never does, and what an identity that is not sure comes to (DESIGN section 6, SECURITY §5).
import { describe, expect, it } from 'vitest';
import { fieldValue } from '../../src/http/fields.ts';
import { reasonText } from '../../src/rules/reasons.ts';
import { AUDIENCE, ISSUER, Issuer, keySet } from '../identity/issuer.ts';
import { AUTH, bearer, tokenOf } from '../identity/secret-token.ts';
import { get, RawClient } from '../support/client.ts';
import { Barrier, type Script, ScriptedOrigin } from '../support/origin.ts';
import { AFTER_PURGE, fresh, type Journey, play, Stage, STORED, yamlOf } from './journey.ts';

const HIT = 'hit; ttl=60';
const passed = (reason: string): string => `fwd=bypass; fwd-status=200; detail=${reason}`;
const NOW = Date.UTC(2026, 0, 1) / 1000;

/** Says which request it answered. */
const nth: Script = (_, count) => fresh(`answer ${count}`);
const by = (scope: string, more = ''): string => `${AUTH}\ndefaults: { scope: [${scope}]${more === '' ? '' : `, ${more}`} }`;

const sharing: readonly Journey[] = [
  {
    name: 'users whose claims are equal share; all others do not',
    config: by('tenant, tier'),
    steps: [
      { ask: 'GET /a', fields: bearer({ sub: 'u1', tenant: 't', tier: 1 }), answers: nth, expect: { cacheStatus: STORED, body: 'answer 1' } },
      { ask: 'GET /a', fields: bearer({ sub: 'u2', tenant: 't', tier: 1 }), expect: { cacheStatus: HIT, body: 'answer 1' } },
      { ask: 'GET /a', fields: bearer({ sub: 'u1', tenant: 't', tier: '1' }), expect: { cacheStatus: STORED, body: 'answer 2' } },
      { ask: 'GET /a', fields: bearer({ sub: 'u1', tenant: 't' }), expect: { cacheStatus: STORED, body: 'answer 3' } },
      { ask: 'GET /a', fields: bearer({ sub: 'u1', tenant: 't', tier: null }), expect: { cacheStatus: STORED, body: 'answer 4' } },
      { ask: 'GET /a', fields: bearer({ sub: 'u1', tier: 1, tenant: 'u' }), expect: { cacheStatus: STORED, body: 'answer 5' } },
      { ask: 'GET /a', expect: { cacheStatus: STORED, body: 'answer 6' } },
      { ask: 'GET /a', fields: bearer({}), expect: { cacheStatus: STORED, body: 'answer 7' } },
      { ask: 'GET /a', fields: bearer({ sub: 'u3', tenant: 't', tier: 1 }), expect: { cacheStatus: HIT, body: 'answer 1' } },
      { ask: 'GET /a', expect: { cacheStatus: HIT, body: 'answer 6' } },
    ],
  },
  {
    name: 'a list is a set, found by its path',
    config: by('realm_access.roles'),
    steps: [
      { ask: 'GET /a', fields: bearer({ realm_access: { roles: ['x', 'y'] } }), answers: nth, expect: { cacheStatus: STORED, body: 'answer 1' } },
      { ask: 'GET /a', fields: bearer({ realm_access: { roles: ['y', 'x', 'x'] } }), expect: { cacheStatus: HIT, body: 'answer 1' } },
      { ask: 'GET /a', fields: bearer({ realm_access: { roles: ['x'] } }), expect: { cacheStatus: STORED, body: 'answer 2' } },
      { ask: 'GET /a', fields: bearer({ realm_access: { roles: 'x' } }), expect: { cacheStatus: STORED, body: 'answer 3' } },
    ],
  },
  {
    name: 'cookies are no part of it, so they are not forwarded',
    config: by('sub'),
    steps: [
      {
        ask: 'GET /a',
        fields: [...bearer({ sub: 'u' }), 'cookie', 'a=1'],
        answers: nth,
        expect: { cacheStatus: STORED, sent: { cookie: undefined } },
      },
      { ask: 'GET /a', fields: [...bearer({ sub: 'u' }), 'cookie', 'a=2'], expect: { cacheStatus: HIT } },
    ],
  },
  {
    name: 'private is stored for one user, and for no group',
    config: `${AUTH}\nroutes: [{ path: /me, scope: [sub], store_private: true }, { path: /us, scope: [tenant], store_private: true }, { path: /mine, scope: [sub] }]`,
    steps: [
      {
        ask: 'GET /me',
        fields: bearer({ sub: 'u' }),
        answers: { fields: ['cache-control', 'private, max-age=60'] },
        expect: { cacheStatus: STORED },
      },
      { ask: 'GET /me', fields: bearer({ sub: 'u' }), expect: { cacheStatus: HIT } },
      { ask: 'GET /me', fields: bearer({}), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private' } },
      { ask: 'GET /me', fields: bearer({ sub: '' }), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private' } },
      { ask: 'GET /me', fields: bearer({ sub: ['u'] }), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private' } },
      {
        ask: 'GET /us',
        fields: bearer({ sub: 'u', tenant: 't' }),
        answers: { fields: ['cache-control', 'private, max-age=60'] },
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private' },
      },
      {
        ask: 'GET /mine',
        fields: bearer({ sub: 'u' }),
        answers: { fields: ['cache-control', 'private, max-age=60'] },
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private' },
      },
    ],
  },
];

const unsure: readonly Journey[] = [
  {
    name: 'is passed on, never stored and never a hit, and goes on as it came',
    config: by('sub'),
    steps: [
      { ask: 'GET /a', fields: bearer({ sub: 'u' }), answers: nth, expect: { cacheStatus: STORED } },
      { ask: 'GET /a', answers: nth, expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        fields: ['authorization', 'Bearer opaque'],
        expect: { cacheStatus: passed('token-malformed'), sent: { authorization: 'Bearer opaque' } },
      },
      { ask: 'GET /a', fields: ['authorization', 'Bearer'], expect: { cacheStatus: passed('token-malformed') } },
      {
        ask: 'GET /a',
        fields: ['authorization', `Bearer ${tokenOf({ sub: 'u' }).slice(0, -4)}AAAA`],
        expect: { cacheStatus: passed('token-invalid') },
      },
      { ask: 'GET /a', fields: bearer({ sub: 'u', iss: 'else' }), expect: { cacheStatus: passed('token-invalid') } },
      { ask: 'GET /a', fields: bearer({ sub: 'u', exp: NOW }), expect: { cacheStatus: passed('token-expired') } },
      { ask: 'GET /a', fields: bearer({ sub: 'u', nbf: NOW + 9 }), expect: { cacheStatus: passed('token-not-yet-valid') } },
      { ask: 'GET /a', fields: bearer({ sub: { id: 'u' } }), expect: { cacheStatus: passed('claim-unusable') } },
      { ask: 'GET /a', fields: ['authorization', 'Basic dTpw'], expect: { cacheStatus: passed('scope-unverified') } },
      { ask: 'GET /a', fields: ['cookie', 'session=s'], expect: { cacheStatus: passed('scope-unverified'), sent: { cookie: 'session=s' } } },
      { ask: 'HEAD /a', fields: ['authorization', 'Bearer opaque'], expect: { cacheStatus: passed('token-malformed') } },
      // Nothing of that was kept.
      { ask: 'GET /a', expect: { cacheStatus: HIT, body: 'answer 2' } },
      { ask: 'GET /a', fields: ['authorization', `bEaReR  ${tokenOf({ sub: 'u' })}`], expect: { cacheStatus: HIT, body: 'answer 1' } },
    ],
  },
  {
    name: 'two credentials are refused',
    config: by('sub'),
    steps: [
      `Bearer ${tokenOf({ sub: 'u' })}, Bearer ${tokenOf({ sub: 'v' })}`,
      `Bearer ${tokenOf({ sub: 'u' })} bearer ${tokenOf({ sub: 'v' })}`,
      `bearer ${tokenOf({ sub: 'u' })},`,
    ].map((credential) => ({
      ask: 'GET /a',
      fields: ['authorization', credential],
      expect: { status: 400, asked: 0, cacheStatus: 'detail=credentials-ambiguous' },
    })),
  },
  {
    name: 'two credentials are refused of a write too',
    config: by('sub'),
    steps: ['POST', 'DELETE', 'OPTIONS'].map((method) => ({
      ask: `${method} /a`,
      fields: ['authorization', `Bearer ${tokenOf({ sub: 'u' })}, Bearer ${tokenOf({ sub: 'v' })}`],
      expect: { status: 400, asked: 0, cacheStatus: 'detail=credentials-ambiguous' },
    })),
  },
  {
    name: 'required: nobody is anonymous, and a token that is not true is still the origin’s to refuse',
    config: by('sub', 'required: true'),
    steps: [
      { ask: 'GET /a', expect: { status: 401, asked: 0, cacheStatus: 'detail=token-required', fields: { 'www-authenticate': 'Bearer' } } },
      { ask: 'HEAD /a', expect: { status: 401, asked: 0 } },
      { ask: 'GET /a', fields: ['cookie', 'session=s'], expect: { status: 401, asked: 0 } },
      { ask: 'GET /a', fields: bearer({ sub: 'u' }), answers: nth, expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: bearer({ sub: 'u', exp: NOW }), expect: { cacheStatus: passed('token-expired') } },
      { ask: 'OPTIONS /a', expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=method' } },
      { ask: 'POST /a', expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=method' } },
    ],
  },
  {
    name: 'a token that ends between two requests hits no more, though its entry lives on for others',
    config: by('tenant'),
    steps: [
      { ask: 'GET /a', fields: bearer({ sub: 'u1', tenant: 't', exp: NOW + 10 }), answers: nth, expect: { cacheStatus: STORED } },
      { ask: 'GET /a', afterMs: 9999, fields: bearer({ sub: 'u1', tenant: 't', exp: NOW + 10 }), expect: { cacheStatus: /^hit/, asked: 0 } },
      { ask: 'GET /a', afterMs: 1, fields: bearer({ sub: 'u1', tenant: 't', exp: NOW + 10 }), expect: { cacheStatus: passed('token-expired') } },
      { ask: 'GET /a', fields: bearer({ sub: 'u2', tenant: 't' }), expect: { cacheStatus: 'hit; ttl=50', body: 'answer 1' } },
    ],
  },
  {
    name: 'a public route reads no token',
    config: `${AUTH}\nroutes: [{ path: /me, scope: [sub] }]`,
    steps: [
      {
        ask: 'GET /a',
        fields: ['authorization', 'Bearer x, Bearer y'],
        answers: fresh('x', ['surrogate-control', 'max-age=9']),
        expect: { asked: 1 },
      },
      { ask: 'GET /b', fields: bearer({ sub: 'u' }), answers: { fields: ['cache-control', 'public, max-age=60'] }, expect: { cacheStatus: STORED } },
      { ask: 'GET /b', expect: { cacheStatus: HIT } },
    ],
  },
];

const within: readonly Journey[] = [
  {
    name: 'a 304 freshens the entry of its scope alone',
    config: by('sub'),
    steps: [
      { ask: 'GET /a', fields: bearer({ sub: 'u' }), answers: fresh('u', ['etag', '"1"']), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: bearer({ sub: 'v' }), answers: fresh('v', ['etag', '"1"']), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 61_000,
        fields: bearer({ sub: 'u' }),
        answers: { status: 304, fields: ['etag', '"1"', 'cache-control', 'max-age=60'] },
        expect: { cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=validated', body: 'u', sent: { 'if-none-match': '"1"' } },
      },
      { ask: 'GET /a', fields: bearer({ sub: 'u' }), expect: { cacheStatus: HIT, body: 'u' } },
      { ask: 'GET /a', fields: bearer({ sub: 'v' }), answers: fresh('v2'), expect: { cacheStatus: /^fwd=stale/, body: 'v2' } },
    ],
  },
  {
    name: 'stale-while-revalidate refreshes with a credential of the scope',
    config: by('tenant'),
    steps: [
      {
        ask: 'GET /a',
        fields: bearer({ tenant: 't', n: 1 }),
        answers: { fields: ['cache-control', 'max-age=1, stale-while-revalidate=60'], body: 'old' },
        expect: { cacheStatus: STORED },
      },
      {
        ask: 'GET /a',
        afterMs: 2000,
        fields: bearer({ tenant: 't', n: 2 }),
        answers: (request) => fresh(fieldValue(request.fields, 'authorization') ?? 'nobody'),
        expect: { cacheStatus: /stale-while-revalidate/, body: 'old', asked: 'unsaid' },
      },
      {
        ask: 'GET /a',
        eventually: true,
        fields: bearer({ tenant: 't', n: 3 }),
        expect: { cacheStatus: HIT, body: `Bearer ${tokenOf({ tenant: 't', n: 2 })}` },
      },
      { ask: 'GET /a', fields: bearer({ tenant: 'u' }), expect: { cacheStatus: STORED, body: `Bearer ${tokenOf({ tenant: 'u' })}` } },
    ],
  },
  {
    name: 'HEAD and ranges are answered from the entry of the scope, and from no other',
    config: by('sub'),
    steps: [
      { ask: 'GET /a', fields: bearer({ sub: 'u' }), answers: fresh('0123456789'), expect: { cacheStatus: STORED } },
      { ask: 'HEAD /a', fields: bearer({ sub: 'u' }), expect: { cacheStatus: HIT, fields: { 'content-length': '10' } } },
      { ask: 'GET /a', fields: [...bearer({ sub: 'u' }), 'range', 'bytes=2-4'], expect: { status: 206, cacheStatus: HIT, body: '234' } },
      { ask: 'HEAD /a', fields: bearer({ sub: 'v' }), expect: { cacheStatus: /^fwd=uri-miss/ } },
      { ask: 'GET /a', fields: [...bearer({ sub: 'v' }), 'range', 'bytes=2-4'], expect: { cacheStatus: /^fwd=uri-miss/ } },
    ],
  },
  {
    name: 'a POST that is stored answers a GET of its scope alone',
    config: by('sub', 'store_post: true'),
    steps: [
      { ask: 'POST /a', fields: bearer({ sub: 'u' }), answers: fresh('of u', ['content-location', '/a']), expect: { asked: 1 } },
      { ask: 'GET /a', fields: bearer({ sub: 'u' }), expect: { cacheStatus: HIT, body: 'of u' } },
      { ask: 'GET /a', fields: bearer({ sub: 'v' }), expect: { cacheStatus: STORED } },
      { ask: 'POST /a', fields: ['authorization', 'Bearer opaque'], expect: { asked: 1 } },
      { ask: 'GET /a', expect: { cacheStatus: STORED } },
    ],
  },
  {
    name: 'a POST in no scope is not stored, so its cookies go on as those of a GET do',
    config: by('sub', 'store_post: true'),
    steps: (['POST /a', 'GET /a'] as const).flatMap((ask) => [
      {
        ask,
        fields: ['cookie', 'session=s'],
        answers: fresh('of s', ['content-location', '/a']),
        expect: { cacheStatus: /^fwd=/, sent: { cookie: 'session=s' } },
      },
      { ask, fields: ['authorization', 'Bearer opaque', 'cookie', 'session=s'], expect: { cacheStatus: /^fwd=/, sent: { cookie: 'session=s' } } },
      { ask: 'GET /a', fields: ['cache-control', 'only-if-cached'], expect: { status: 504 } },
    ]),
  },
  {
    name: 'errors are stored for their scope alone',
    config: by('sub'),
    steps: [
      {
        ask: 'GET /a',
        fields: bearer({ sub: 'u' }),
        answers: { ...fresh('not for you'), status: 403 },
        expect: { status: 403, cacheStatus: 'fwd=uri-miss; fwd-status=403; stored' },
      },
      { ask: 'GET /a', fields: bearer({ sub: 'u' }), expect: { status: 403, cacheStatus: HIT } },
      { ask: 'GET /a', fields: bearer({ sub: 'v' }), answers: fresh('for you'), expect: { cacheStatus: STORED, body: 'for you' } },
    ],
  },
];

const purgeOf = (scope: Readonly<Record<string, string>>) => ({
  ask: 'POST /v1/purge',
  to: 'admin' as const,
  body: JSON.stringify({ scopes: [scope] }),
  expect: { body: /"confirmed"/, asked: 0 },
});

const purging: readonly Journey[] = [
  {
    name: 'a purge of a claim ends everything stored for it, whatever else is in the scope, and nothing of others',
    config: `${AUTH}\nroutes: [{ path: /me, scope: [sub] }, { path: /both, scope: [tenant, sub] }, { path: /roles, scope: [roles] }]`,
    steps: [
      { ask: 'GET /me', fields: bearer({ sub: 'u7' }), answers: nth, expect: { cacheStatus: STORED } },
      { ask: 'GET /me', fields: bearer({ sub: 'u8' }), expect: { cacheStatus: STORED } },
      { ask: 'GET /both', fields: bearer({ sub: 'u7', tenant: 't' }), answers: nth, expect: { cacheStatus: STORED } },
      { ask: 'GET /roles', fields: bearer({ roles: ['a', 'b'] }), answers: nth, expect: { cacheStatus: STORED } },
      { ask: 'GET /roles', fields: bearer({ roles: ['a'] }), expect: { cacheStatus: STORED } },
      purgeOf({ sub: 'u7' }),
      { ask: 'GET /me', fields: bearer({ sub: 'u7' }), expect: { cacheStatus: AFTER_PURGE } },
      { ask: 'GET /me', fields: bearer({ sub: 'u8' }), expect: { cacheStatus: HIT } },
      { ask: 'GET /both', fields: bearer({ sub: 'u7', tenant: 't' }), expect: { cacheStatus: AFTER_PURGE } },
      purgeOf({ roles: 'b' }),
      { ask: 'GET /roles', fields: bearer({ roles: ['b', 'a'] }), expect: { cacheStatus: AFTER_PURGE } },
      { ask: 'GET /roles', fields: bearer({ roles: ['a'] }), expect: { cacheStatus: HIT } },
    ],
  },
  {
    name: 'a role that changed is another scope at once; the purge ends what is left of the old one',
    config: by('sub, role'),
    steps: [
      { ask: 'GET /a', fields: bearer({ sub: 'u', role: 'admin' }), answers: nth, expect: { cacheStatus: STORED, body: 'answer 1' } },
      { ask: 'GET /a', fields: bearer({ sub: 'u', role: 'user' }), expect: { cacheStatus: STORED, body: 'answer 2' } },
      purgeOf({ sub: 'u' }),
      { ask: 'GET /a', fields: bearer({ sub: 'u', role: 'admin' }), expect: { cacheStatus: AFTER_PURGE, body: 'answer 3' } },
      { ask: 'GET /a', fields: bearer({ sub: 'u', role: 'user' }), expect: { cacheStatus: AFTER_PURGE, body: 'answer 4' } },
    ],
  },
  {
    name: 'a tag made of a claim: stored where the claim has one value that a tag may hold',
    config: by('sub', 'tags: ["user:{claim.sub}"]'),
    steps: [
      { ask: 'GET /a', fields: bearer({ sub: 'u/' }), answers: nth, expect: { cacheStatus: STORED } },
      { ask: 'PURGE /', fields: ['authorization', 'Bearer purge-token', 'surrogate-key', 'user:u/'], expect: { asked: 0 } },
      { ask: 'GET /a', fields: bearer({ sub: 'u/' }), expect: { cacheStatus: AFTER_PURGE } },
      ...[{ sub: 'a b' }, { sub: 'é' }, { sub: 'a,b' }, { sub: '' }, { sub: ['u'] }, { sub: null }, {}].map((claims) => ({
        ask: 'GET /a',
        fields: bearer(claims),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=tag-malformed' },
      })),
      { ask: 'GET /a', expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=tag-malformed' } },
    ],
  },
  {
    name: 'a write purges by the claims of its own verified token, and says so where it has none',
    config: `${AUTH}\nroutes: [{ path: /me, scope: [sub], tags: ["user:{claim.sub}"] }, { path: /orders, scope: [sub], invalidates: ["user:{claim.sub}"] }]\nlog: { level: silent, access: "off" }`,
    steps: [
      { ask: 'GET /me', fields: bearer({ sub: 'u' }), answers: nth, expect: { cacheStatus: STORED } },
      { ask: 'GET /me', fields: bearer({ sub: 'v' }), expect: { cacheStatus: STORED } },
      { ask: 'POST /orders', fields: bearer({ sub: 'u' }), answers: {}, expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=method' } },
      { ask: 'GET /me', fields: bearer({ sub: 'u' }), expect: { cacheStatus: AFTER_PURGE } },
      { ask: 'GET /me', fields: bearer({ sub: 'v' }), expect: { cacheStatus: HIT } },
      {
        ask: 'POST /orders',
        fields: ['authorization', `Bearer ${tokenOf({ sub: 'v' }).slice(0, -4)}AAAA`],
        expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=purge-unconfirmed' },
      },
      { ask: 'GET /me', fields: bearer({ sub: 'v' }), expect: { cacheStatus: HIT } },
    ],
  },
];

describe('a scope of verified claims', () => it.each(sharing)('$name', play));
describe('an identity that is not sure', () => it.each(unsure)('$name', play));
describe('everything stays within a scope', () => it.each(within)('$name', play));
describe('purging', () => it.each(purging)('$name', play));

it('requests of one scope collapse, those of two never do', async () => {
  await using stage = await Stage.start({ config: by('tenant') });
  const barrier = new Barrier();
  stage.origin.on('/a', (request) => ({ ...fresh(fieldValue(request.fields, 'authorization') ?? ''), barriers: { 'before-head': barrier } }));
  const ask = (tenant: string, sub: string) => stage.ask('GET /a', { fields: bearer({ tenant, sub }) });
  const asked = ['t', 'u'].flatMap((tenant) => Array.from({ length: 5 }, (_, i) => ask(tenant, `u${i}`)));
  await stage.origin.seen(2);
  await stage.roundTrips();
  barrier.open();
  const bodies = (await Promise.all(asked)).map(({ body }) => body);
  expect([stage.origin.count('/a'), new Set(bodies.slice(0, 5)).size, new Set(bodies.slice(5)).size, new Set(bodies).size]).toEqual([2, 1, 1, 2]);
});

it('explain and the debug field say which claims, and never a token', async () => {
  await using stage = await Stage.start({ config: `${by('sub, tier')}\nadmin: { listen: "127.0.0.1:0", token: admin-token }` });
  stage.origin.on('/a', fresh('x'));
  const explain = async (fields: readonly string[]): Promise<Record<string, unknown>> => {
    const pairs = Array.from({ length: fields.length / 2 }, (_, i) => [fields[2 * i], fields[2 * i + 1]]);
    const body = JSON.stringify({ method: 'GET', url: 'http://shop.test/a', fields: pairs });
    const answer = await get(stage.freshet.adminAddress, '/v1/explain', { method: 'POST', fields: ['authorization', 'Bearer admin-token'], body });
    expect(answer.body).not.toContain('eyJ');
    return JSON.parse(answer.body) as Record<string, unknown>;
  };
  const HASHED = "a keyed hash of the verified token's issuer and sub and tier";
  expect(await explain(bearer({ sub: 'u', tier: 1 }))).toMatchObject({ decision: 'forward (uri-miss)', scope: { kind: 'claims', why: HASHED } });
  expect(await explain(bearer({ sub: 'u', exp: NOW }))).toMatchObject({
    decision: 'pass',
    reason: 'token-expired',
    key: '',
    scope: { kind: 'none', why: reasonText('token-expired').sentence },
  });
  expect(await explain(['authorization', 'Bearer a b'])).toMatchObject({ decision: 'refuse', reason: 'credentials-ambiguous' });
  const twice = { fields: [...bearer({ sub: 'u' }), ...bearer({ sub: 'u' })] };
  expect(await explain(twice.fields)).toMatchObject({ decision: 'refuse', reason: 'bad-request', scope: { kind: 'none' } });
  expect((await stage.ask('GET /a', twice)).field('cache-status')).toBe('freshet; detail=bad-request');
  expect(await explain(['auth-scope', 'u'])).toMatchObject({ decision: 'refuse', reason: 'auth-scope-presented' });
  expect(await explain(['connection', 'authorization'])).toMatchObject({ decision: 'refuse', reason: 'connection-nominates' });
  expect(await explain(['cdn-loop', 'freshet'])).toMatchObject({ decision: 'refuse', reason: 'loop' });
  expect(await explain([])).toMatchObject({ scope: { kind: 'claims', id: 'anonymous', why: expect.stringContaining('neither token nor cookie') } });
  const debugged = await stage.ask('GET /a', { fields: [...bearer({ sub: 'u', tier: 1 }), 'freshet-debug', 'admin-token'] });
  expect(debugged.field('freshet-scope-kind')).toBe('claims sub tier');
  expect(debugged.fields.join('\n')).not.toContain('eyJ');
});

describe('keys from a URL', () => {
  it('are fetched once for everyone who comes at once, and without them nobody is known', async () => {
    const issuer = await Issuer.create();
    await using server = await ScriptedOrigin.start();
    server.on('/keys', { status: 500 });
    const jwt = `{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks_url: "${server.url}/keys", algorithms: [ES256] }`;
    await using stage = await Stage.start({ config: `auth: { jwt: ${jwt} }\ndefaults: { scope: [sub] }` });
    stage.origin.on('/a', nth);
    const token = await issuer.sign({ sub: 'u', exp: NOW + 3600 });
    const ask = () => stage.ask('GET /a', { fields: ['authorization', `Bearer ${token}`] });
    const ours = async (): Promise<string | undefined> => (await ask()).field('cache-status');
    expect([await ours(), await ours()]).toEqual(Array(2).fill(`freshet; ${passed('keys-unavailable')}`));

    const barrier = new Barrier();
    server.on('/keys', { body: await keySet(issuer), barriers: { 'before-head': barrier } });
    stage.clock.advance(10_000);
    const asked = Array.from({ length: 20 }, ask);
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    await Promise.all(asked);
    expect([server.count('/keys'), await ours()]).toEqual([2, 'freshet; hit; ttl=60']);
  });

  it('a client that leaves while they are fetched is counted, and its request goes nowhere', async () => {
    const issuer = await Issuer.create();
    await using server = await ScriptedOrigin.start();
    const barrier = new Barrier();
    server.on('/keys', { body: await keySet(issuer), barriers: { 'before-head': barrier } });
    const jwt = `{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks_url: "${server.url}/keys", algorithms: [ES256] }`;
    await using stage = await Stage.start({ config: `auth: { jwt: ${jwt} }\ndefaults: { scope: [sub] }` });
    const token = await issuer.sign({ sub: 'u', exp: NOW + 3600 });
    const client = await RawClient.connect(stage.freshet.address);
    client.send(`GET /a HTTP/1.1\r\nhost: shop.test\r\nauthorization: Bearer ${token}\r\n\r\n`);
    await barrier.reached;
    await client[Symbol.asyncDispose]();
    await stage.ask('GET /v1/health', {}, stage.freshet.adminAddress);
    barrier.open();
    await expect.poll(async () => (await get(stage.freshet.adminAddress, '/metrics')).body).toContain('reason="client-gone"');
    expect(stage.asked).toEqual([]);
  });
});

it('a reload that leaves the issuers as they are keeps their keys', async () => {
  const issuer = await Issuer.create();
  await using server = await ScriptedOrigin.start();
  server.on('/keys', { body: await keySet(issuer) });
  const jwt = `{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks_url: "${server.url}/keys", algorithms: [ES256] }`;
  const config = `auth: { jwt: ${jwt} }\ndefaults: { scope: [sub] }`;
  await using stage = await Stage.start({ config });
  stage.origin.on('/a', nth);
  const fields = ['authorization', `Bearer ${await issuer.sign({ sub: 'u', exp: NOW + 3600 })}`];
  expect((await stage.ask('GET /a', { fields })).body).toBe('answer 1');
  await stage.freshet.reload(yamlOf({ config: `${config}\nlog: { level: silent, access: "off" }` }, stage.origin.url));
  expect((await stage.ask('GET /a', { fields })).field('cache-status')).toBe(`freshet; ${HIT}`);
  expect(server.count('/keys')).toBe(1);
});

it('a reload with other keys verifies by those', async () => {
  await using stage = await Stage.start({ config: by('sub') });
  stage.origin.on('/a', nth);
  await stage.ask('GET /a', { fields: bearer({ sub: 'u' }) });
  await stage.freshet.reload(yamlOf({ config: by('sub').replace('a-secret', 'b-secret') }, stage.origin.url));
  const answer = await stage.ask('GET /a', { fields: bearer({ sub: 'u' }) });
  expect(answer.field('cache-status')).toBe(`freshet; ${passed('token-invalid')}`);
});
