// What `events` may say: each mistake with its words.
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/config/describe.ts';
import { loadConfig } from '../../src/config/load.ts';
import { maskedConfig } from '../../src/config/mask.ts';
import { UsageError } from '../../src/errors.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ISSUER = 'auth: { jwt: { issuer: "https://i.example", audience: a, secret: "0123456789012345678901234567890123" } }';

function load(text: string): ReturnType<typeof loadConfig> {
  return loadConfig({ text, env: {}, overrides: { origin: 'http://127.0.0.1:5000' } });
}

function shown(text: string): string {
  return describeConfig(load(text));
}

function problemsOf(text: string): string {
  try {
    load(text);
    return '';
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.replace(/^configuration:\d+: /, '');
  }
}

describe('one mistake', () => {
  it.each<{ name: string; rule: string; message: string | RegExp }>([
    {
      name: 'no on',
      rule: 'purge: [a]',
      message: 'events.rules[0].on: is missing; allowed: a type of events (order.updated), a family of them (order.*), or * for all',
    },
    { name: 'an empty on', rule: 'on: "", purge: [a]', message: /^events\.rules\[0\]\.on: found ""; allowed: a type of events/ },
    { name: 'a star inside', rule: 'on: "order.*.x", purge: [a]', message: /^events\.rules\[0\]\.on: found "order\.\*\.x"; allowed/ },
    { name: 'a star that ends a word', rule: 'on: "order*", purge: [a]', message: /^events\.rules\[0\]\.on: found "order\*"; allowed/ },
    { name: 'a lone dot and star', rule: 'on: ".*", purge: [a]', message: /^events\.rules\[0\]\.on: found "\.\*"; allowed/ },
    { name: 'a space', rule: 'on: "order updated", purge: [a]', message: /^events\.rules\[0\]\.on: found/ },
    { name: 'an empty list', rule: 'on: [], purge: [a]', message: 'events.rules[0].on: found an empty list; allowed: at least one' },
    { name: 'a type twice', rule: 'on: [a, a], purge: [a]', message: 'events.rules[0].on: names "a" twice' },
    {
      name: "Freshet's own type",
      rule: 'on: freshet.purge, purge: [a]',
      message: `events.rules[0].on: found "freshet.purge"; types that begin with freshet. are Freshet's own, and no rule is for them`,
    },
    { name: "Freshet's own family", rule: 'on: "freshet.*", purge: [a]', message: /own, and no rule is for them$/ },
    {
      name: 'an unknown key',
      rule: 'on: a, purges: [a], purge: [a]',
      message: 'events.rules[0].purges: unknown key "purges" (did you mean "purge"?); allowed: on, purge, scopes, mode, settle, version',
    },
    {
      name: 'a malformed template',
      rule: 'on: a, purge: ["order:{id"]',
      message: /^events\.rules\[0\]\.purge\[0\]: found "order:\{id"; allowed: visible characters without spaces or commas/,
    },
    { name: 'a field that is none', rule: 'on: a, purge: ["order:{a b}"]', message: /^events\.rules\[0\]\.purge\[0\]: \{a b\} is no field/ },
    { name: 'an empty template', rule: 'on: a, purge: [""]', message: /^events\.rules\[0\]\.purge\[0\]: found nothing/ },
    {
      name: 'nothing to purge',
      rule: 'on: a',
      message: 'events.rules[0].purge: names nothing, nor does scopes; allowed: tags in purge, or scopes, or both',
    },
    { name: 'a mode', rule: 'on: a, purge: [a], mode: weak', message: 'events.rules[0].mode: found "weak"; allowed: hard, soft' },
    { name: 'a long settle', rule: 'on: a, purge: [a], settle: 2h', message: 'events.rules[0].settle: found "2h"; allowed: from 0s to 1h' },
    {
      name: 'a version with more than its field',
      rule: 'on: a, purge: [a], version: "v{v}"',
      message: 'events.rules[0].version: found "v{v}"; allowed: one field in braces ({version})',
    },
    {
      name: 'a version without tags',
      rule: 'on: a, scopes: [{ sub: "{u}" }], version: "{v}"',
      message: 'events.rules[0].version: means nothing without tags in purge',
    },
    {
      name: 'a scope that no route has',
      rule: 'on: a, scopes: [{ tenant: "{t}" }]',
      message: `events.rules[0].scopes: "tenant" is part of no route's scope; allowed: sub`,
    },
    {
      name: 'a scope with two names',
      rule: 'on: a, scopes: [{ sub: "{t}", tenant: "{t}" }]',
      message: 'events.rules[0].scopes[0]: found a map; allowed: a map of one name and its value in braces (sub: "{customer_id}")',
    },
    {
      name: 'a scope that is a number',
      rule: 'on: a, scopes: [{ sub: 7 }]',
      message: 'events.rules[0].scopes[0]: sub: found 7; allowed: text with a field of the event in braces ("{customer_id}")',
    },
    {
      name: 'a scope with a malformed template',
      rule: 'on: a, scopes: [{ sub: "{" }]',
      message: /^events\.rules\[0\]\.scopes\[0\]: sub: found "\{"/,
    },
  ])('$name', ({ rule, message }) => {
    const problems = problemsOf(`${ISSUER}\nroutes: [{ path: /me, scope: [sub] }]\nevents: { rules: [{ ${rule} }] }`);
    expect(problems).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it.each([
    [
      'the same rule twice',
      'rules: [{ on: a, purge: [b] }, { on: a, purge: [b], mode: hard }]',
      'events.rules[1].on: says what events.rules[0] says already',
    ],
    [
      'a scope, where all is public',
      'rules: [{ on: a, scopes: [{ sub: "{t}" }] }]',
      `events.rules[0].scopes: "sub" is part of no route's scope; allowed: none, every route is public`,
    ],
    ['an unknown key', 'rule: []', /^events\.rule: unknown key "rule" \(did you mean "rules"\?\); allowed: rules, webhook/],
    [
      'a secret of another form',
      'webhook: { secret: hunter2 }',
      'events.webhook.secret: found something else (not shown); allowed: whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)',
    ],
    ['no secret', 'webhook: { secret: "" }', /not shown/],
    ['a short secret', 'webhook: { secret: whsec_c2hvcnQ= }', /not shown/],
    ['a long secret', `webhook: { secret: whsec_${Buffer.alloc(65).toString('base64')} }`, /not shown/],
    ['one of two', `webhook: { secret: [${SECRET}, hunter2] }`, /^events\.webhook\.secret\[1\]: found something else \(not shown\)/],
    ['none of none', 'webhook: { secret: [] }', 'events.webhook.secret: found an empty list; allowed: at least one'],
    ['no tolerance', `webhook: { secret: ${SECRET}, tolerance: 0s }`, /^events\.webhook\.tolerance: found "0s"/],
  ])('%s', (_, events, message) => {
    expect(problemsOf(`events: { ${events} }`)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });
});

describe('what is read', () => {
  it('rules with their defaults', () => {
    const { events } = load(
      'purge: { settle: 3s }\nevents: { rules: [{ on: a, purge: [b] }, { on: [a, "b.*"], purge: [b], settle: 0s, mode: soft, version: "{v?}" }] }',
    );
    expect(events).toEqual({
      rules: [
        { name: 'events.rules[0] (a)', on: ['a'], purge: [{ source: 'b', parts: ['b'] }], scopes: [], mode: 'hard', settleMs: 3_000 },
        {
          name: 'events.rules[1] (a, b.*)',
          on: ['a', 'b.*'],
          purge: [{ source: 'b', parts: ['b'] }],
          scopes: [],
          mode: 'soft',
          settleMs: 0,
          version: { name: 'v', isOptional: true, steps: ['v'], from: 'data' },
        },
      ],
    });
  });

  it('secrets, which are not shown', () => {
    const config = load(`events: { webhook: { secret: ${SECRET} } }`);
    expect(config.events.webhook).toEqual({ secret: [SECRET], toleranceMs: 300_000 });
    expect(JSON.stringify(maskedConfig(config))).not.toContain(SECRET);
  });

  it('none, where none is stated', () => expect(load('').events).toEqual({ rules: [] }));
});

describe('what check says', () => {
  it('of rules and of signatures', () => {
    const text = shown(`${ISSUER}
routes: [{ path: /me, scope: [sub] }]
events:
  webhook: { secret: [${SECRET}, ${SECRET}] }
  rules:
    - { on: [a, "b.*"], purge: ["a:{id}", all], version: "{v}", settle: 2s }
    - { on: "*", scopes: [{ sub: "{u}" }], mode: soft }
`);
    expect(shown('')).not.toContain('event');
    expect(shown('events: { rules: [{ on: a, purge: [b] }] }')).not.toMatch(/ {2}- .*event/);
    expect(shown('')).not.toContain(SECRET);
    expect(text).toMatch(/events +POST \/v1\/events on admin, signed with any of 2 secrets, 5m from now at most\n/);
    expect(text).toMatch(
      /events, and what is purged then\n {2}event +purges +how\n {2}a, b\.\* +a:\{id\} all +hard, version \{v\}, settle 2s\n {2}\* +scope sub=\{u\} +soft\n/,
    );
  });

  it('of rules that no event can reach', () => {
    const text = shown(`admin: { listen: false }\nevents: { webhook: { secret: ${SECRET} }, rules: [{ on: a, purge: [b] }] }`);
    expect(text).toContain('- events.webhook: admin is off, so nobody can send events to it');
    expect(text).toContain('- events.rules: no event can come: admin is off, and no other source is set');
  });
});
