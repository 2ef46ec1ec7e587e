// Journeys of looked-up scopes: the origin says whose a credential is, once; who shares an answer then, who never does, and what fails (DESIGN section 6).
import { describe, expect, it } from 'vitest';
import { type Fields, fieldValue } from '../../src/http/fields.ts';
import { get } from '../support/client.ts';
import { Barrier, type Reply, type Script } from '../support/origin.ts';
import { AFTER_PURGE, fresh, PURGES, Stage, type Step, STORED } from './journey.ts';

const LOOKUP = 'defaults: { scope: { lookup: /_scope } }';
/** Other paths are public. */
const OF_A = 'routes: [{ path: /a, scope: { lookup: /_scope } }]';
const HIT = 'hit; ttl=60';
const passed = (reason: string): string => `fwd=bypass; fwd-status=200; detail=${reason}`;

/** Who is who: by session cookie, or by token. */
const TIERS: Readonly<Record<string, string>> = { s1: 'tier gold', s2: 'tier gold', s3: 'tier basic', t1: 'tier gold' };
const session = (id: string, ...more: readonly string[]): Fields => ['cookie', [`session=${id}`, ...more].join('; ')];

const cookies = (count: number): Fields => ['cookie', Array.from({ length: count }, (_, i) => `c${i}=1`).join('; ')];

function credentialOf(fields: Fields): string | undefined {
  return /session=(\w+)/.exec(fieldValue(fields, 'cookie') ?? '')?.[1] ?? /^Bearer (\w+)$/.exec(fieldValue(fields, 'authorization') ?? '')?.[1];
}

/** Answers as an application does: the tier of who asks, for a minute, with `more` fields. */
function tiers(...more: string[]): Script {
  return ({ fields }) => {
    const credential = credentialOf(fields);
    const tier = credential === undefined ? 'nobody' : TIERS[credential];
    if (tier === undefined) return { status: 401 };
    return { status: 204, fields: ['auth-scope', tier, 'cache-control', 'private, max-age=60', ...more] };
  };
}

/** Says which request it answered. */
const nth: Script = (_, count) => fresh(`answer ${count}`);

async function stageOf({ config = LOOKUP, lookup = tiers() }: { config?: string; lookup?: Script } = {}): Promise<Stage> {
  const stage = await Stage.start({ config });
  stage.origin.on('/_scope', lookup).on('/a', nth);
  return stage;
}

const lookups = (stage: Stage): number => stage.asked.filter((line) => line === 'GET /_scope').length;

describe('credentials of which the origin says the same', () => {
  it('share answers, and no others do; each credential is asked for once', async () => {
    await using stage = await stageOf();
    await stage.play([
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: STORED, body: 'answer 1', asked: 2 } },
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: HIT, body: 'answer 1' } },
      { ask: 'GET /a', fields: session('s2'), expect: { cacheStatus: HIT, body: 'answer 1', asked: 1 } },
      { ask: 'GET /a', fields: session('s3'), expect: { cacheStatus: STORED, body: 'answer 2', asked: 2 } },
      { ask: 'GET /a', fields: ['authorization', 'Bearer t1'], expect: { cacheStatus: HIT, body: 'answer 1', asked: 1 } },
      { ask: 'GET /a', expect: { cacheStatus: STORED, body: 'answer 3', asked: 2 } },
      { ask: 'GET /a', expect: { cacheStatus: HIT, body: 'answer 3' } },
      { ask: 'HEAD /a', fields: session('s3'), expect: { cacheStatus: HIT, body: '' } },
      { ask: 'GET /a', fields: [...session('s3'), 'range', 'bytes=0-5'], expect: { status: 206, cacheStatus: HIT, body: 'answer' } },
    ]);
    expect(lookups(stage)).toBe(5);
  });

  it('the question carries the credential and nothing else that the client says', async () => {
    await using stage = await stageOf();
    const fields = ['authorization', 'Bearer t1', ...session('s1', 'theme=dark'), 'accept-language', 'de', 'user-agent', 'x', 'if-none-match', '"1"'];
    await stage.ask('GET /a', { fields });
    const question = stage.origin.requests[0];
    const sent = Object.fromEntries((question?.fields ?? []).flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1]]] : [])));
    expect(Object.keys(sent).toSorted()).toEqual([
      'authorization',
      'cdn-loop',
      'connection',
      'cookie',
      'forwarded',
      'host',
      'surrogate-capability',
      'via',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
    ]);
    expect(sent).toMatchObject({ authorization: 'Bearer t1', cookie: 'session=s1; theme=dark', host: sent['x-forwarded-host'] });
    expect(question).toMatchObject({ method: 'GET', path: '/_scope', body: Buffer.alloc(0) });
  });

  it('are asked for again when the answer is no longer good', async () => {
    await using stage = await stageOf();
    await stage.play([
      { ask: 'GET /a', fields: session('s1'), expect: { asked: 2 } },
      { afterMs: 59_000, ask: 'GET /a', fields: session('s1'), expect: { asked: 0 } },
      { afterMs: 1000, ask: 'GET /a', fields: session('s1'), expect: { asked: 2 } },
    ]);
  });

  it('at once ask one question', async () => {
    const barrier = new Barrier();
    await using stage = await stageOf({
      config: OF_A,
      lookup: () => ({ fields: ['auth-scope', 'x', 'cache-control', 'max-age=60'], barriers: { 'before-head': barrier } }),
    });
    const asked = stage.askAtOnce(20, 'GET /a', { fields: session('s1') });
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    const bodies = await Promise.all(asked);
    expect(new Set(bodies.map(({ body }) => body))).toEqual(new Set(['answer 1']));
    expect(stage.asked.filter((line) => line !== 'GET /nothing-there')).toEqual(['GET /_scope', 'GET /a']);
  });

  it('are told apart by host, and by what a trusted proxy says of the scheme', async () => {
    await using stage = await stageOf({ config: `${LOOKUP}\ntrusted_proxies: [127.0.0.1]` });
    for (const fields of [[], ['host', 'b.example'], ['x-forwarded-proto', 'https'], []]) {
      await stage.ask('GET /a', { fields: [...session('s1'), ...fields] });
    }
    expect(lookups(stage)).toBe(3);
    expect(stage.origin.requests.filter(({ path }) => path === '/_scope').map(({ fields }) => fieldValue(fields, 'x-forwarded-proto'))).toContain(
      'https',
    );
  });
});

describe('the scope of an answer', () => {
  it('named cookies alone are the credential: others are neither asked with, nor keyed, nor forwarded', async () => {
    await using stage = await stageOf({ config: 'defaults: { scope: { lookup: /_scope, credential: [cookie.session] } }' });
    await stage.play([
      {
        ask: 'GET /a',
        fields: session('s1', 'theme=dark'),
        expect: { cacheStatus: STORED, body: 'answer 1', asked: 2, sent: { cookie: 'session=s1' } },
      },
      { ask: 'GET /a', fields: session('s1', 'theme=light'), expect: { cacheStatus: HIT, body: 'answer 1' } },
      { ask: 'GET /a', fields: ['cookie', 'theme=dark'], expect: { cacheStatus: STORED, body: 'answer 2', asked: 2, sent: { cookie: undefined } } },
      { ask: 'GET /a', expect: { cacheStatus: HIT, body: 'answer 2', asked: 0 } },
      { ask: 'GET /a', fields: [...session('s1'), 'authorization', 'Bearer t1'], expect: { cacheStatus: passed('scope-unverified') } },
    ]);
    expect(stage.origin.requests.map(({ fields }) => fieldValue(fields, 'cookie'))).toEqual([
      'session=s1',
      'session=s1',
      undefined,
      undefined,
      'session=s1',
    ]);
  });

  it.each([
    ['Vary: Cookie is not believed to be the scope', '', 'fwd=uri-miss; fwd-status=200; detail=vary-not-allowed'],
    ['unless the route says so', ', cookies: ignore', STORED],
  ])('%s', async (_, more, cacheStatus) => {
    await using stage = await stageOf({ config: `defaults: { scope: { lookup: /_scope }${more} }` });
    stage.origin.on('/a', fresh('a', ['vary', 'Cookie']));
    await stage.play([{ ask: 'GET /a', fields: session('s1'), expect: { cacheStatus, asked: 2 } }]);
  });

  it('is never one user’s: private is not stored', async () => {
    await using stage = await stageOf({ config: 'defaults: { scope: { lookup: /_scope }, store_private: true }' });
    stage.origin.on('/a', { fields: ['cache-control', 'private, max-age=60'] });
    await stage.play([{ ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=private', asked: 2 } }]);
  });

  it('an answer that states another one is not stored, not shared, and ends the belief', async () => {
    await using stage = await stageOf();
    stage.origin.on('/a', ({ fields }, count) =>
      fresh(`answer ${count}`, ['auth-scope', credentialOf(fields) === 's1' ? 'tier basic' : 'tier gold']),
    );
    await stage.play([
      {
        ask: 'GET /a',
        fields: session('s1'),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=scope-differs', asked: 2, fields: { 'auth-scope': undefined } },
      },
      { ask: 'GET /a', fields: session('s2'), expect: { cacheStatus: STORED, body: 'answer 2', asked: 2, fields: { 'auth-scope': undefined } } },
      { ask: 'GET /a', fields: session('s2'), expect: { cacheStatus: HIT, body: 'answer 2', fields: { 'auth-scope': undefined } } },
      // Asked again, though its answer would have been good for a minute.
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: HIT, body: 'answer 2', asked: 1 } },
    ]);
  });

  it.each([
    ['an answer that is not stored', 'GET /q', { fields: ['cache-control', 'no-store', 'auth-scope', 'tier basic'] }],
    ['a refusal', 'GET /q', { status: 403, fields: ['auth-scope', 'tier basic'] }],
    ['the answer to a write', 'POST /q', { fields: ['auth-scope', 'tier basic'] }],
  ] as const)('%s that states another one ends the belief as well', async (_, ask, reply) => {
    await using stage = await stageOf();
    stage.origin.on('/a', ({ fields }, count) => fresh(`answer ${count}`, ['auth-scope', credentialOf(fields) === 's1' ? 'tier gold' : 'other']));
    stage.origin.on('/q', reply);
    await stage.play([
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: STORED, asked: 2 } },
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: HIT, asked: 0 } },
      { ask, fields: session('s1'), expect: { status: 'status' in reply ? reply.status : 200, asked: 1, fields: { 'auth-scope': undefined } } },
      // Asked again, though its answer would have been good for a minute.
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: HIT, asked: 1 } },
    ]);
  });

  it('two of them are another one', async () => {
    await using stage = await stageOf();
    stage.origin.on('/a', fresh('a', ['auth-scope', 'tier gold', 'auth-scope', 'tier gold']));
    await stage.play([
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=scope-differs', asked: 2 } },
    ]);
  });

  it('a 304 that states another one brings nothing back', async () => {
    await using stage = await stageOf({ config: 'defaults: { scope: { lookup: /_scope }, ttl: 1s }' });
    const answers: Reply[] = [
      { fields: ['etag', '"1"'], body: 'one' },
      { status: 304, fields: ['etag', '"1"', 'auth-scope', 'tier basic'] },
      { fields: ['etag', '"2"'], body: 'two' },
    ];
    stage.origin.on('/a', (_, count) => answers[count - 1] ?? {});
    await stage.play([
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: STORED, asked: 2 } },
      {
        afterMs: 2000,
        ask: 'GET /a',
        fields: session('s1'),
        expect: { cacheStatus: 'fwd=stale; fwd-status=304; detail=validated', body: 'one' },
      },
      { ask: 'GET /a', fields: session('s2'), expect: { cacheStatus: STORED, body: 'two', asked: 2 } },
    ]);
  });

  it('a POST whose answer may be kept is looked up too, and other writes are not', async () => {
    await using stage = await stageOf({ config: 'defaults: { scope: { lookup: /_scope }, store_post: true }' });
    stage.origin.on('/b', fresh('posted', ['content-location', '/b']));
    await stage.play([
      { ask: 'PUT /b', fields: session('s1'), body: 'x', expect: { asked: 1 } },
      { ask: 'POST /b', fields: session('s1'), body: 'x', expect: { asked: 2 } },
      { ask: 'GET /b', fields: session('s2'), expect: { cacheStatus: HIT, body: 'posted', asked: 1 } },
      { ask: 'GET /b', fields: session('s3'), expect: { cacheStatus: STORED, asked: 2 } },
    ]);
  });
});

const REMEMBERED_BY: readonly (readonly [string, Fields, number])[] = [
  ['max-age', ['cache-control', 'max-age=60'], 1],
  ['a field meant for Freshet', ['freshet-cache-control', 'max-age=60', 'cache-control', 'no-store'], 1],
  ['Vary on what the question is keyed by', ['cache-control', 'max-age=60', 'vary', 'Cookie, Authorization'], 1],
  ['nothing said', [], 3],
  ['no-store', ['cache-control', 'no-store, max-age=60'], 3],
  ['no-cache', ['cache-control', 'no-cache="set-cookie", max-age=60'], 3],
  ['malformed', ['cache-control', 'max-age=60, max-age=61'], 3],
  ['an age that has eaten its life', ['cache-control', 'max-age=60', 'age', '60'], 3],
  ['Vary on everything', ['cache-control', 'max-age=60', 'vary', '*'], 3],
  ['Vary on what the question never has', ['cache-control', 'max-age=60', 'vary', 'Accept-Language, User-Agent'], 1],
  ['Vary on what is no name', ['cache-control', 'max-age=60', 'vary', 'a b'], 3],
  ...['Forwarded', 'X-Forwarded-For', 'X-Real-IP', 'True-Client-IP', 'X-Original-Forwarded-For', 'CDN-Loop', 'Via'].map(
    (name) => [`Vary on what the way adds: ${name}`, ['cache-control', 'max-age=60', 'vary', name], 3] as const,
  ),
];

describe('how long an answer is good', () => {
  it.each(REMEMBERED_BY)('%s', async (_, fields, questions) => {
    await using stage = await stageOf({
      config: 'defaults: { scope: { lookup: /_scope }, ttl: 1h, override: true, heuristic_freshness: 1 }',
      lookup: { fields: ['auth-scope', 'x', 'last-modified', 'Thu, 01 Jan 2015 00:00:00 GMT', ...fields] },
    });
    for (let i = 0; i < 3; i++) await stage.ask('GET /a', { fields: session('s1') });
    expect(lookups(stage)).toBe(questions);
    // What was asked for one request was good for that one.
    expect(stage.asked.filter((line) => line === 'GET /a')).toHaveLength(1);
  });

  it('one that is good for one request only is not shared by those who came while it was asked', async () => {
    const barrier = new Barrier();
    await using stage = await stageOf({
      config: OF_A,
      lookup: (_, count) => ({ fields: ['auth-scope', 'x'], barriers: count === 1 ? { 'before-head': barrier } : {} }),
    });
    const asked = stage.askAtOnce(4, 'GET /a', { fields: session('s1') });
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    await Promise.all(asked);
    expect(lookups(stage)).toBe(4);
  });
});

const FAILURES: readonly (readonly [string, Script, string])[] = [
  ['a status that is no answer', { status: 401, fields: ['auth-scope', 'x', 'cache-control', 'max-age=60'] }, 'lookup-failed'],
  ['a redirect', { status: 302, fields: ['auth-scope', 'x', 'location', '/login'] }, 'lookup-failed'],
  ['an error', { status: 503, fields: ['auth-scope', 'x'] }, 'lookup-failed'],
  ['a connection cut before its head', { fault: 'reset-before-head' }, 'lookup-failed'],
  [
    'a body cut before its end',
    { fields: ['auth-scope', 'x', 'cache-control', 'max-age=60'], body: 'x'.repeat(100), fault: 'truncate' },
    'lookup-failed',
  ],
  ['a body without end', { fields: ['auth-scope', 'x', 'cache-control', 'max-age=60'], body: 'x'.repeat(70_000) }, 'lookup-failed'],
  ['silence', { fault: 'silence' }, 'lookup-failed'],
  ['no Auth-Scope', { fields: ['cache-control', 'max-age=60'] }, 'lookup-unusable'],
  ['an empty one', { fields: ['auth-scope', '', 'cache-control', 'max-age=60'] }, 'lookup-unusable'],
  ['two of them', { fields: ['auth-scope', 'x', 'auth-scope', 'x', 'cache-control', 'max-age=60'] }, 'lookup-unusable'],
  ['one that is not ASCII', { fields: ['auth-scope', 'caf\xe9', 'cache-control', 'max-age=60'] }, 'lookup-unusable'],
  ['one with a tab', { fields: ['auth-scope', 'a\tb', 'cache-control', 'max-age=60'] }, 'lookup-unusable'],
  ['one of 1025 characters', { fields: ['auth-scope', 'x'.repeat(1025), 'cache-control', 'max-age=60'] }, 'lookup-unusable'],
  ['a cookie set', { fields: ['auth-scope', 'x', 'set-cookie', 'session=s9', 'cache-control', 'max-age=60'] }, 'lookup-unusable'],
  [
    'more tags than can be kept',
    { fields: ['auth-scope', 'x', 'surrogate-key', Array.from({ length: 257 }, (_, i) => `t${i}`).join(' '), 'cache-control', 'max-age=60'] },
    'lookup-unusable',
  ],
  ['a malformed version', { fields: ['auth-scope', 'x', 'surrogate-version', 'x', 'cache-control', 'max-age=60'] }, 'lookup-unusable'],
];

describe('no scope, no hit and nothing stored', () => {
  it.each(FAILURES)('%s', async (_, lookup, reason) => {
    await using stage = await Stage.start({ config: LOOKUP, origin: 'headers_timeout: 300ms' });
    stage.origin.on('/_scope', tiers()).on('/a', nth);
    await stage.ask('GET /a', { fields: session('s1') });
    // What it was is forgotten, so that it is asked for.
    stage.clock.advance(30_000);
    await get(stage.freshet.adminAddress, '/v1/purge', { method: 'POST', body: JSON.stringify({ urls: ['/_scope'] }) });
    stage.origin.on('/_scope', lookup);
    await stage.play([
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: passed(reason), asked: 'unsaid', sent: { cookie: 'session=s1' } } },
      { ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: passed(reason), asked: 'unsaid' } },
      { ask: 'GET /a', fields: session('s1'), answers: { status: 200, body: 'x' }, expect: { body: 'x', asked: 'unsaid' } },
    ]);
  });

  it('an answer cut after any of its bytes', async () => {
    const whole = 'HTTP/1.1 200 OK\r\nAuth-Scope: tier gold\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nbody';
    let bytes = 0;
    await using stage = await Stage.start({ config: LOOKUP, origin: 'breaker: false' });
    stage.origin.on('/_scope', () => ({ raw: whole.slice(0, bytes) })).on('/a', nth);
    for (; bytes < whole.length; bytes++) {
      const answer = await stage.ask('GET /a', { fields: session('s1') });
      expect([bytes, answer.field('cache-status')]).toEqual([bytes, `freshet; ${passed('lookup-failed')}`]);
    }
    expect((await stage.ask('GET /a', { fields: session('s1') })).field('cache-status')).toBe(`freshet; ${STORED}`);
  });

  it('an answer with another behind it, as one that was split has', async () => {
    const split = 'HTTP/1.1 200 OK\r\nAuth-Scope: tier gold\r\nCache-Control: max-age=60\r\nContent-Length: 0\r\n\r\n';
    await using stage = await Stage.start({ config: LOOKUP });
    stage.origin.on('/_scope', { raw: `${split}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n` }).on('/a', nth);
    const answer = await stage.ask('GET /a', { fields: session('s1') });
    expect(answer.field('cache-status')).toBe(`freshet; ${passed('lookup-failed')}`);
  });

  it('an origin that is not there: the passed request says so itself', async () => {
    await using stage = await stageOf();
    await stage.origin[Symbol.asyncDispose]();
    const answer = await stage.ask('GET /a', { fields: session('s1') });
    expect([answer.status, answer.field('cache-status')]).toEqual([502, 'freshet; fwd=bypass; detail=origin-unreachable']);
  });

  it('a credential of too many parts to purge it by', async () => {
    await using stage = await stageOf({ lookup: { fields: ['auth-scope', 'x', 'cache-control', 'max-age=60'] } });
    await stage.play([
      { ask: 'GET /a', fields: cookies(65), expect: { cacheStatus: passed('scope-unverified'), asked: 2 } },
      { ask: 'GET /a', fields: cookies(64), expect: { cacheStatus: STORED, asked: 2 } },
    ]);
  });
});

describe('a client that sends Auth-Scope itself', () => {
  it.each(['GET', 'HEAD', 'POST', 'OPTIONS'])('%s is refused, whatever the route', async (method) => {
    await using stage = await stageOf({ config: 'routes: [{ path: /b/**, scope: { lookup: /_scope } }]' });
    for (const path of ['/a', '/b/c']) {
      const answer = await stage.ask(`${method} ${path}`, { fields: ['auth-scope', 'tier gold'] });
      expect([answer.status, answer.field('cache-status')]).toEqual([400, 'freshet; detail=auth-scope-presented']);
    }
    expect(stage.asked).toEqual([]);
  });

  it('nor may Connection take the field away from the origin’s answer', async () => {
    await using stage = await stageOf({ lookup: { fields: ['auth-scope', 'x', 'connection', 'auth-scope', 'cache-control', 'max-age=60'] } });
    await stage.play([{ ask: 'GET /a', fields: session('s1'), expect: { cacheStatus: passed('lookup-failed'), asked: 2 } }]);
  });
});

const PURGED_BY: readonly (readonly [string, object])[] = [
  ['its scope', { scopes: [{ 'auth-scope': 'tier gold' }] }],
  ['the session cookie', { scopes: [{ 'cookie.session': 's1' }] }],
  ['another part of the credential', { scopes: [{ authorization: 'Bearer t1' }] }],
  ['a tag that the origin gave it', { tags: ['user:1'] }],
  ['a group that the origin gave it', { tags: [], urls: [], prefixes: ['/_scope'] }],
  ['its URL', { urls: ['/_scope'] }],
  ['everything', { all: true }],
  ['its tag, softly', { tags: ['user:1'], mode: 'soft' }],
];

describe('what was looked up is purged by', () => {
  const fields = [...session('s1'), 'authorization', 'Bearer t1'];
  const ask = (expected: Step['expect']): Step => ({ ask: 'GET /a', fields, expect: expected });

  it.each(PURGED_BY)('%s', async (_, order) => {
    await using stage = await stageOf({ lookup: tiers('surrogate-key', 'user:1') });
    await stage.play([ask({ cacheStatus: STORED, asked: 2 }), ask({ cacheStatus: HIT })]);
    const purge = await get(stage.freshet.adminAddress, '/v1/purge', { method: 'POST', body: JSON.stringify(order) });
    expect(purge.body).toContain('"confirmed"');
    await stage.ask('GET /a', { fields });
    expect(lookups(stage)).toBe(2);
  });

  it('PURGE with a tag of it; the entry fetched on its ground goes too', async () => {
    await using stage = await stageOf({ lookup: tiers('surrogate-key', 'user:1') });
    await stage.play([
      ask({ cacheStatus: STORED, asked: 2 }),
      { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'user:1'], expect: { asked: 0 } },
      ask({ cacheStatus: AFTER_PURGE, asked: 2 }),
    ]);
  });

  it('nothing that another credential said: it is still remembered', async () => {
    await using stage = await stageOf();
    await stage.play([ask({ cacheStatus: STORED, asked: 2 })]);
    await get(stage.freshet.adminAddress, '/v1/purge', { method: 'POST', body: JSON.stringify({ scopes: [{ 'cookie.session': 's2' }] }) });
    await stage.play([ask({ cacheStatus: HIT })]);
  });

  it('a name that is no part of such a scope is refused', async () => {
    await using stage = await stageOf({ config: 'defaults: { scope: { lookup: /_scope, credential: [cookie.session] } }' });
    for (const [scope, status] of [
      [{ 'cookie.session': 'x' }, 200],
      [{ 'auth-scope': 'x' }, 200],
      [{ 'cookie.other': 'x' }, 400],
      [{ authorization: 'x' }, 400],
    ] as const) {
      const answer = await get(stage.freshet.adminAddress, '/v1/purge', { method: 'POST', body: JSON.stringify({ scopes: [scope] }) });
      expect([scope, answer.status]).toEqual([scope, status]);
    }
  });
});

describe('explain and the debug fields', () => {
  it('say which scope, and never the credential or what the origin called it', async () => {
    const token = 'admin-token';
    await using stage = await stageOf({ config: `${LOOKUP}\nadmin: { listen: "127.0.0.1:0", token: ${token} }` });
    const answer = await stage.ask('GET /a', { fields: [...session('s1'), 'freshet-debug', token] });
    expect(answer.field('freshet-scope-kind')).toBe('lookup auth-scope');
    const asked = { method: 'GET', url: '/a', fields: [['cookie', 'session=s1']] };
    const explained = await get(stage.freshet.adminAddress, '/v1/explain', {
      method: 'POST',
      fields: ['authorization', `Bearer ${token}`, 'content-type', 'application/json'],
      body: JSON.stringify(asked),
    });
    expect(explained.body).toContain('remembered for 60 s more');
    for (const text of [explained.body, answer.fields.filter((_, i) => i % 2 === 1).join('\n')]) {
      expect(text).not.toMatch(/session=|gold/);
    }
  });
});
