// What `freshet check` prints and what GET /v1/config shows.
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/config/describe.ts';
import { loadConfig } from '../../src/config/load.ts';
import { maskedConfig } from '../../src/config/mask.ts';

const describeText = (text: string, env: Readonly<Record<string, string>> = {}): string =>
  describeConfig(loadConfig({ text, env, overrides: { origin: 'http://127.0.0.1:5000' } }));

describe('freshet check', () => {
  it('prints routes in the order in which they are tried', () => {
    const text = `
routes:
  - { path: /me/**, scope: { credential: [authorization, cookie.s] }, pass: true }
  - { path: /p/:id, ttl: 1h, override: true, tags: ["p:{id}"], query: { exclude: [utm_*] }, invalidates: ["p:{id}", all], vary: [accept], forward: [accept, X-A], upgrade: true, stale_if_error: 1d }
`;
    expect(describeText(text).split('\n').slice(6, 11)).toEqual([
      'routes, in the order in which they are tried',
      '  path        origin   scope                   ttl            tags    else',
      '  /p/:id      default  public                  1h (override)  p:{id}  WebSocket, stale-if-error 1d, query exclude utm_*, forwards accept x-a, vary accept, writes purge p:{id} all',
      '  /me/**      default  authorization+cookie.s  pass           -       -',
      '  (all else)  default  public                  from origin    -       -',
    ]);
  });

  it.each([
    ['queue: 5, queue_timeout: 1s', '128 connections, 5 may wait 1s, 10s to answer; held back for 5s to 1m where 50% of 20 or more fail in 10s'],
    [
      'queue: 0, breaker: { failure_rate: 0.125, open: 1s, max_open: 1s }',
      '128 connections, none may wait, 10s to answer; held back for 1s to 1s where 12.5% of 20 or more fail in 10s',
    ],
    ['breaker: false', '128 connections, 1024 may wait 5s, 10s to answer; no breaker'],
  ])('says when an origin is spared: %s', (settings, expected) => {
    const text = `origins: { default: { url: "http://x", ${settings} } }`;
    expect(describeText(text).split('\n')[4]).toBe(`origin  default http://127.0.0.1:5000, ${expected}`);
  });

  it('says what is audited', () => {
    const lines = describeText('audit: { sample: 5%, ignore: [$.a, "$.b[*].c"] }\nroutes: [{ path: /a, audit: false }]').split('\n');
    expect(lines[5]).toBe(
      'audit   5% of hits compared with the origin, a purge may come 10s later; at most 10 origin requests a second and 2 at once; $.a $.b[*].c may differ',
    );
    expect(lines[9]).toMatch(/^ {2}\/a .* not audited$/);
  });

  const CLIENT = 'client_cache_control: no-cache';
  const TOKEN = 'purge: { token: t }';
  it.each([
    ['nothing to say', `${TOKEN}\ndefaults: { ${CLIENT} }`, []],
    [
      'clients keep what the origin says',
      `${TOKEN}\nroutes: [{ path: /a, ${CLIENT} }, { path: /b }, { path: /c, pass: true }]`,
      [/^\/b, default: clients get the origin's Cache-Control/],
    ],
    [
      'no purge token',
      `defaults: { ${CLIENT} }`,
      [/^purge\.token is not set: PURGE on 0\.0\.0\.0:8080 gets 405; purges go to the admin address only$/],
    ],
    [
      'no purge at all',
      `admin: { listen: false }\ndefaults: { ${CLIENT} }`,
      [/^purge\.token is not set: .* nothing can be purged but by writes: admin is off too$/],
    ],
  ])('notes: %s', (_, text, expected) => {
    const notes = describeText(text).split('\n');
    expect(notes.slice(notes.indexOf('notes') + 1).map((line) => line.replace('  - ', ''))).toEqual(
      expected.map((pattern) => expect.stringMatching(pattern)),
    );
  });
});

describe('freshet check, of verified claims', () => {
  const text = `
auth: { jwt: [{ issuer: https://i/, audience: [a, b], jwks_url: "https://i/k?key=s3cret", leeway: 5s }, { issuer: j, audience: a, secret: s3cret-s3cret-s3cret-s3cret-s3cret }] }
routes: [{ path: /me, scope: [sub, tier], required: true }]
`;

  it('prints issuers and scopes, and no secret', () => {
    const shown = describeText(text);
    expect(shown).toMatch(/^issuer +https:\/\/i\/ for a or b, RS256, keys fetched from https:\/\/i\/k\?\*\*\*, kept 1h at most, leeway 5s$/m);
    expect(shown).toMatch(/^issuer +j for a, HS256, a secret$/m);
    expect(shown).toMatch(/^ {2}\/me +default +claims sub\+tier, required /m);
    expect(shown).not.toContain('s3cret');
    expect(JSON.stringify(maskedConfig(loadConfig({ text, env: {}, overrides: { origin: 'http://h' } })))).not.toContain('s3cret');
  });

  it('says so where nobody reads tokens', () => {
    expect(describeText(text.replace('scope: [sub, tier], required: true', 'ttl: 1s'))).toContain('auth.jwt: no route has a scope of claims');
  });
});

describe('GET /v1/config', () => {
  const text = `
admin: { token: s3cret-admin }
purge: { token: "\${T}" }
routes: [{ path: /a/:id, methods: [GET], vary: [accept] }]
`;
  const shown = JSON.stringify(maskedConfig(loadConfig({ text, env: { T: 's3cret-purge' }, overrides: { origin: 'http://127.0.0.1:5000' } })));

  it('shows no token', () => {
    expect(shown).not.toContain('s3cret');
    expect(JSON.parse(shown)).toMatchObject({ admin: { token: '***' }, purge: { token: '***', settleMs: 0 } });
  });

  it('is plain data', () => {
    expect(JSON.parse(shown)).toMatchObject({
      origins: { default: { url: 'http://127.0.0.1:5000' } },
      routes: [{ name: 'GET /a/:id', pattern: '/a/:id', methods: ['GET'], policy: { vary: ['accept'], normalise: ['accept-encoding'] } }],
    });
  });

  it('masks the userinfo of any URL', () => {
    const config = loadConfig({ text: '', env: {}, overrides: { origin: 'http://h' } });
    const changed = { ...config, origins: new Map([['a', { name: 'a', ...config.origins.get('default'), url: 'http://u:p@h' }]]) };
    expect(maskedConfig(changed as typeof config)).toMatchObject({ origins: { a: { url: 'http://***@h' } } });
  });
});
