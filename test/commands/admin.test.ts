// `freshet purge` and `freshet explain`: what they ask, and what they make of each answer.
import { describe, expect, it } from 'vitest';
import { explain } from '../../src/commands/explain.ts';
import { type CommandLine, parseFlags } from '../../src/commands/flags.ts';
import { purge } from '../../src/commands/purge.ts';
import { USAGES } from '../../src/commands/usage.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { fieldValue } from '../../src/http/fields.ts';
import { type Reply, ScriptedOrigin, type SeenRequest } from '../support/origin.ts';

const COMMANDS = { purge, explain };
const parse = (name: keyof typeof COMMANDS, args: readonly string[]): CommandLine => parseFlags(args, USAGES[name]);

/** Runs a command against an admin listener that gives `reply`. */
async function ask(name: keyof typeof COMMANDS, args: readonly string[], reply: Reply, env: Readonly<Record<string, string>> = {}) {
  await using admin = await ScriptedOrigin.start();
  admin.on('*', reply);
  const printed: string[] = [];
  await COMMANDS[name](parse(name, [...args, '--admin', admin.url]), { env, print: (text) => void printed.push(text) });
  return { printed, request: admin.requests[0] as SeenRequest };
}

const bodyOf = (request: SeenRequest): unknown => JSON.parse(request.body.toString());
const RECEIPT = {
  id: '9f3c.814',
  state: 'confirmed',
  guarantee: 'linearizable',
  authority: 'process',
  mode: 'hard',
  tags: 2,
  urls: 0,
  waited_ms: 0.6,
};
const receipt = (changes: object = {}): Reply => ({ body: JSON.stringify({ ...RECEIPT, ...changes }) });

describe('purge asks', () => {
  const NOTHING = { tags: [], urls: [], prefixes: [], scopes: [], all: false, mode: 'hard' };
  it.each([
    ['tags', ['product:42', 'catalog'], { tags: ['product:42', 'catalog'] }],
    ['soft', ['a', '--soft'], { tags: ['a'], mode: 'soft' }],
    ['URLs', ['--url', '/a?b=1', '--url', 'http://h/c'], { urls: ['/a?b=1', 'http://h/c'] }],
    ['prefixes', ['--prefix', '/docs'], { prefixes: ['/docs'] }],
    ['scopes', ['--scope', 'cookie.session=u7=x'], { scopes: [{ 'cookie.session': 'u7=x' }] }],
    ['all', ['--all'], { all: true }],
  ])('%s', async (_, args, expected) => {
    const { request } = await ask('purge', args, receipt());
    expect([request.method, request.path, bodyOf(request)]).toEqual(['POST', '/v1/purge', { ...NOTHING, ...expected }]);
  });

  it.each([
    ['from the flag', ['a', '--token', 't1'], { FRESHET_ADMIN_TOKEN: 't2' }, 'Bearer t1'],
    ['from the environment', ['a'], { FRESHET_ADMIN_TOKEN: 't2' }, 'Bearer t2'],
    ['none', ['a'], {}, undefined],
  ])('with the token %s', async (_, args, env, expected) => {
    const { request } = await ask('purge', args, receipt(), env);
    expect(fieldValue(request.fields, 'authorization')).toBe(expected);
  });
});

describe('purge prints', () => {
  it.each([
    ['tags', receipt(), 'confirmed: hard purge 9f3c.814 of 2 tags in 0.6 ms (guarantee linearizable, authority process)'],
    [
      'one of each',
      receipt({ tags: 1, urls: 1 }),
      'confirmed: hard purge 9f3c.814 of 1 tag and 1 URL in 0.6 ms (guarantee linearizable, authority process)',
    ],
    [
      'neither',
      receipt({ tags: 0, mode: 'soft', guarantee: 'none' }),
      'confirmed: soft purge 9f3c.814 in 0.6 ms (guarantee none, authority process)',
    ],
  ])('%s', async (_, reply, expected) => {
    expect((await ask('purge', ['a'], reply)).printed).toEqual([expected]);
  });

  const NAMED_ALL = ['--prefix', '/a', '--prefix', '/b', '--scope', 'authorization=x', '--all'];
  it.each([
    ['a prefix', ['--prefix', '/docs'], receipt({ tags: 0 }), 'of 1 prefix in'],
    ['scopes', ['--scope', 'authorization=x', '--scope', 'cookie.s=y'], receipt({ tags: 0 }), 'of 2 scopes in'],
    ['all', ['--all'], receipt({ tags: 0 }), 'of everything in'],
    ['all of them', ['a', '--url', '/u', ...NAMED_ALL], receipt({ tags: 1, urls: 1 }), 'of everything, 1 tag, 1 URL, 2 prefixes and 1 scope in'],
  ])('%s, as they were asked for', async (_, args, reply, expected) => {
    expect((await ask('purge', args, reply)).printed).toEqual([expect.stringContaining(`9f3c.814 ${expected} 0.6 ms`)]);
  });

  it('the answer as it came with --json', async () => {
    expect((await ask('purge', ['a', '--json'], { body: '{"id":1}' })).printed).toEqual(['{"id":1}']);
  });
});

describe('failures', () => {
  const problem = JSON.stringify({ title: 'Not a tag', detail: 'There is a comma in it.' });
  it.each([
    ['a problem', { status: 400, body: problem }, /^http:\/\/127\.0\.0\.1:\d+\/v1\/purge answered 400: Not a tag: There is a comma in it\.$/],
    ['an error of something else', { status: 502, body: '<html>' }, /answered 502: "<html>"; is that the admin listener\? \(--admin URL\)$/],
    ['a redirect', { status: 302, fields: ['location', 'http://h/'], body: '' }, /answered 302: ""; is that the admin listener\?/],
    [
      'an answer of the API, through the port of the clients',
      { body: 'ok' },
      /^the answer is not a receipt: "ok"; is that the admin listener\? \(--admin URL\)$/,
    ],
    ['a cut answer', { body: 'hello', fault: 'truncate' }, /is Freshet running, with its admin listener there\? \(--admin URL\)$/],
  ] as const)('%s', async (_, reply, message) => {
    await expect(ask('purge', ['a'], reply)).rejects.toThrow(message);
    await expect(ask('purge', ['a'], reply)).rejects.toBeInstanceOf(RunError);
  });

  it('nobody there', async () => {
    const admin = await ScriptedOrigin.start();
    const url = admin.url;
    await admin[Symbol.asyncDispose]();
    const run = purge(parse('purge', ['a', '--admin', url.replace('http://', '')]), { env: {}, print: () => {} });
    await expect(run).rejects.toThrow(
      new RunError(`${url}: connect ECONNREFUSED ${url.slice(7)}; is Freshet running, with its admin listener there? (--admin URL)`),
    );
  });

  it.each([
    ['purge', [], 'nothing to purge; name tags, or give --url, --prefix, --scope or --all'],
    [
      'purge',
      ['--scope', 'authorization='],
      '--scope: found "authorization" without a value; allowed: NAME=VALUE, such as authorization=\'Bearer …\' or cookie.session=…',
    ],
    ['purge', ['a', '--admin', 'http://'], '--admin: found "http://"; allowed: a URL (http://127.0.0.1:8081)'],
    ['explain', ['GET'], 'needs METHOD and URL: freshet explain GET /products/42'],
    ['explain', ['GET', '/a', 'b'], 'needs METHOD and URL: freshet explain GET /products/42'],
    ['explain', ['GET', 'a'], 'URL: found "a"; allowed: http://HOST/PATH or /PATH'],
    ['explain', ['GET', '/a', '-H', 'x'], '-H: found "x"; allowed: \'NAME: VALUE\''],
  ] as const)('%s %j', async (name, args, message) => {
    await expect(COMMANDS[name](parse(name, args), { env: {}, print: () => {} })).rejects.toThrow(new UsageError(message));
  });
});

describe('explain', () => {
  const EXPLANATION = {
    route: '/products/:id',
    scope: { kind: 'public', id: 'public', why: 'the route is public' },
    key: '0: http://h/products/42',
    stored: [] as object[],
    decision: 'forward (uri-miss)',
    reason: 'absent',
    sentence: 'Nothing is stored.',
  };
  const ENTRY = { status: 200, ageSeconds: 3, ttlSeconds: 57, verdict: 'ok', tags: ['product:42'], varies: {}, bytes: 120 };

  it('asks for the request as it would come', async () => {
    const { request } = await ask('explain', ['get', '/a?b', '-H', 'Accept:  text/html ', '-H', 'X-A: b: c'], { body: JSON.stringify(EXPLANATION) });
    expect([request.path, bodyOf(request)]).toEqual([
      '/v1/explain',
      {
        method: 'GET',
        url: '/a?b',
        fields: [
          ['accept', 'text/html'],
          ['x-a', 'b: c'],
        ],
      },
    ]);
  });

  it('explain says so where no host is named', async () => {
    const body = JSON.stringify(EXPLANATION);
    expect((await ask('explain', ['GET', '/a'], { body })).printed.join('\n')).toContain('No host was named');
    expect((await ask('explain', ['GET', '/a', '-H', 'Host: h'], { body })).printed.join('\n')).not.toContain('No host was named');
  });

  it('prints what there is', async () => {
    const stored = [ENTRY, { ...ENTRY, ttlSeconds: -4, verdict: 'purged', tags: [], varies: { accept: 'a' } }];
    const body = JSON.stringify({ ...EXPLANATION, stored, scope: { kind: 'credential', id: 'ab12', why: 'a keyed hash' } });
    expect((await ask('explain', ['GET', 'http://h/a'], { body })).printed.join('\n').split('\n')).toEqual([
      'route     /products/:id',
      'scope     credential ab12: a keyed hash',
      'key       0: http://h/products/42',
      'stored    200, 120 B, age 3s, fresh for 57s, tags product:42',
      '          200, 120 B, age 3s, stale for 4s, purged, selected by accept="a"',
      'decision  forward (uri-miss)',
      'reason    absent: Nothing is stored.',
    ]);
  });

  it('of several workers prints what each would do', async () => {
    const elsewhere = [
      { worker: 2, stored: [ENTRY], decision: 'hit', reason: 'fresh' },
      { worker: 3, stored: [], decision: 'forward (uri-miss)', reason: 'absent' },
    ];
    const { printed } = await ask('explain', ['GET', 'http://h/a'], { body: JSON.stringify({ ...EXPLANATION, worker: 1, elsewhere }) });
    expect(printed.join('\n').split('\n').slice(-3)).toEqual([
      "worker    1; all that stands above is this one's",
      'worker 2  hit, fresh; stored: 200, 120 B, age 3s, fresh for 57s, tags product:42',
      'worker 3  forward (uri-miss), absent; stored: nothing',
    ]);
  });

  it('prints that nothing is stored', async () => {
    const { printed } = await ask('explain', ['GET', '/a'], { body: JSON.stringify(EXPLANATION) });
    expect(printed.join('\n')).toContain('\nstored    nothing\n');
  });

  it("prints a scope's id only where it says more than its kind", async () => {
    const { printed } = await ask('explain', ['GET', '/a'], { body: JSON.stringify(EXPLANATION) });
    expect(printed.join('\n')).toContain('\nscope     public: the route is public\n');
  });

  it('refuses what is no explanation', async () => {
    await expect(ask('explain', ['GET', '/a'], { body: '{}' })).rejects.toThrow(
      new RunError('the answer is not an explanation: "{}"; is that the admin listener? (--admin URL)'),
    );
  });
});
