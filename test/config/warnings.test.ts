// Every warning of `freshet check`, as a table: what calls for it, and what is nearly the same and does not.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/load.ts';
import { formatPath } from '../../src/config/problems.ts';
import { describeWarnings, warningsOf } from '../../src/config/warnings.ts';

/** Each as `place: what`. */
function warned(text: string): readonly string[] {
  const { file } = readConfig({ text, env: {}, overrides: { origin: 'http://127.0.0.1:5000' } });
  return warningsOf(file).map(({ path, what }) => `${formatPath(path)}: ${what}`);
}

const route = (settings: string): string => `routes: [{ path: "/a/:id", ${settings} }]`;

describe('of one route', () => {
  it.each([
    ['nothing', '', []],
    ['a long life without tags', route('ttl: 10m'), ['routes[0].ttl: /a/:id is kept for 10m, and no tags are named for it']],
    ['of a strategy', route('strategy: purge'), ['routes[0].strategy: /a/:id is kept for 1d, and no tags are named for it']],
    ['of defaults', 'defaults: { ttl: 1h }', ['defaults.ttl: default is kept for 1h, and no tags are named for it']],
    ['a long life with tags', route('ttl: 1h, tags: [a]'), []],
    ['with tags of defaults', `defaults: { tags: [a] }\n${route('ttl: 1h')}`, []],
    ['a shorter life', route('ttl: 9m'), []],
    ['a long one that is not stored', route('pass: true'), []],

    ['purge for seconds', route('strategy: purge, ttl: 5s, tags: [a]'), ['routes[0].ttl: /a/:id has strategy: purge and a ttl of 5s']],
    ['revalidate for hours', route('strategy: revalidate, ttl: 1h'), ['routes[0].ttl: /a/:id has strategy: revalidate and a ttl of 1h']],
    [
      'revalidate of defaults, for hours',
      `defaults: { strategy: revalidate }\n${route('ttl: 1h')}`,
      ['routes[0].ttl: /a/:id has strategy: revalidate and a ttl of 1h'],
    ],
    ['purge, for the seconds of defaults, which it does not take', `defaults: { ttl: 5s }\n${route('strategy: purge, tags: [a]')}`, []],
    [
      'both of defaults, once',
      `defaults: { strategy: revalidate, ttl: 1h }\n${route('tags: [a]')}`,
      ['defaults.ttl: default has strategy: revalidate and a ttl of 1h'],
    ],
    ['revalidate for longer', route('strategy: revalidate, ttl: 1m'), []],
    ['versioned for seconds', route('strategy: versioned, ttl: 5s, tags: [a]'), []],
    [
      'purge where nothing can',
      `admin: { listen: false }\n${route('strategy: purge, tags: [a]')}`,
      ['routes[0].strategy: strategy: purge on /a/:id, but nothing can purge beside what a write is answered (Surrogate-Key-Purge), or its URL'],
    ],
    ['purge by PURGE', `admin: { listen: false }\npurge: { token: t }\n${route('strategy: purge, tags: [a]')}`, []],
    ['purge by events', `admin: { listen: false }\nevents: { rules: [{ on: a, purge: [a] }] }\n${route('strategy: purge, tags: [a]')}`, []],
    ['purge by writes', `admin: { listen: false }\n${route('strategy: purge, tags: [a], invalidates: [a]')}`, []],

    ['shared by credential', route('vary: [accept, authorization]'), ['routes[0].vary: /a/:id has scope: public, and may vary on authorization']],
    ['by cookie', route('vary: [cookie]'), ['routes[0].vary: /a/:id has scope: public, and may vary on cookie']],
    ['by a cookie that ends here', route('vary: [cookie], cookies: strip'), []],
    ['by what is not forwarded', route('vary: [authorization], forward: [accept]'), []],
    ['under a scope of its own', route('vary: [authorization], scope: credential'), []],

    ['settings of what passes', route('strategy: pass, ttl: 5s, tags: [a]'), ['routes[0].ttl: ttl, tags on /a/:id, which stores nothing']],
    ['of writes', route('methods: [POST], tags: [a]'), ['routes[0].tags: tags on POST /a/:id, which stores nothing']],
    ['of a POST that is stored', route('methods: [POST], store_post: true, ttl: 5s'), []],
    ['of defaults, on what passes', `defaults: { ttl: 5s }\n${route('pass: true')}`, []],

    ['override of nothing', route('override: true'), ['routes[0].override: override on /a/:id without a ttl']],
    ['override of defaults', `defaults: { ttl: 5s }\n${route('override: true')}`, []],
    ['private for everybody', route('store_private: true'), ['routes[0].store_private: store_private on /a/:id, whose scope is public']],
    ['private for one', route('store_private: true, scope: credential'), []],
    ['invalidates of reads', route('methods: [GET], invalidates: [a]'), ['routes[0].invalidates: invalidates on GET /a/:id, which takes no writes']],
    ['settle where nothing is stored', 'purge: { settle: 1s }\ndefaults: { pass: true }', ['purge.settle: 1s, but no route stores anything']],
    [
      'audits without a connection',
      'audit: { sample: 1% }\nworkers: 2\norigins: { a: { url: "http://a", connections: 2 }, b: { url: "http://b" } }\ndefaults: { origin: a }',
      ['origins.a.connections: 2 for 2 workers, and audit is on: nothing of a is audited'],
    ],
    ['audits with some', 'audit: { sample: 1% }\norigins: { a: { url: "http://a", connections: 2 } }', []],
    ['settle where something is', `purge: { settle: 1s }\ndefaults: { pass: true }\n${route('pass: false')}`, []],
  ])('%s', (_, text, expected) => expect(warned(text)).toEqual(expected));
});

describe('of families', () => {
  const TAGGED = 'routes: [{ path: "/a/:id", tags: ["product:{id}", catalog] }';
  const UNENDED = 'no rule, route or caller named here purges';
  it.each([
    ['nothing says who purges', `${TAGGED}]`, []],
    ['all are ended by writes', `${TAGGED}, { path: "/b/:product", methods: [POST], invalidates: ["product:{product}", catalog] }]`, []],
    ['one is not', `${TAGGED}, { path: /b, invalidates: [catalog] }]`, [`routes[0].tags[0]: ${UNENDED} product:{id}`]],
    ['all are ended by a caller', `purge: { callers: { shop: ["product:*", catalog] } }\n${TAGGED}]`, []],
    [
      'a word beside ids',
      'routes: [{ path: /a, tags: [product:list] }, { path: "/a/:id", tags: ["product:{id}"], invalidates: ["product:{id}"] }]',
      [`routes[0].tags[0]: ${UNENDED} product:list`],
    ],
    [
      'a typo in a word beside ids',
      'routes: [{ path: /a, tags: [product:list] }, { path: "/a/:id", tags: ["product:{id}"], invalidates: ["product:{id}", product:lsit] }]',
      [
        `routes[0].tags[0]: ${UNENDED} product:list (nearest: product:lsit)`,
        'routes[1].invalidates[1]: purges product:lsit, which no route emits (did you mean product:list?)',
      ],
    ],
    [
      'a word beside ids, by a caller who purges any',
      `purge: { callers: { shop: ["product:*"] } }\nroutes: [{ path: /a, tags: [product:list, "product:{query.id}"] }]`,
      [],
    ],
    ['what is asked about again anyway', 'routes: [{ path: /rank, strategy: revalidate, tags: [rank] }, { path: /b, invalidates: [other] }]', []],
    ['one member of a family', `purge: { callers: { shop: ["product:7", catalog] } }\n${TAGGED}]`, []],
    [
      'a typo of a route',
      `${TAGGED}, { path: "/b/:id", invalidates: ["prodcut:{id}", catalog] }]`,
      [
        `routes[0].tags[0]: ${UNENDED} product:{id} (nearest: prodcut:*)`,
        'routes[1].invalidates[0]: purges prodcut:{id}, which no route emits (did you mean product:*?)',
      ],
    ],
    [
      'a typo of a caller',
      `purge: { callers: { shop: ["product:*", catalgo] } }\n${TAGGED}]`,
      [
        `routes[0].tags[1]: ${UNENDED} catalog (nearest: catalgo)`,
        'purge.callers.shop[0]: purges product:*, which no route emits'.replace('[0]: purges product:*', '[1]: purges catalgo') +
          ' (did you mean catalog?)',
      ],
    ],
    ['ended by events', `events: { rules: [{ on: a, purge: ["product:{id}", catalog] }] }\n${TAGGED}]`, []],
    ['ended by what an event says', `events: { rules: [{ on: a, purge: ["{tags}"] }] }\n${TAGGED}]`, []],
    [
      'a typo of an event rule',
      `events: { rules: [{ on: a, purge: ["prodct:{id}", catalog] }] }\n${TAGGED}]`,
      [
        `routes[0].tags[0]: ${UNENDED} product:{id} (nearest: prodct:*)`,
        'events.rules[0].purge[0]: purges prodct:{id}, which no route emits (did you mean product:*?)',
      ],
    ],
    [
      'an event without a version, of what wants one',
      'events: { rules: [{ on: a, purge: ["p:{id}"] }, { on: b, purge: ["p:{id}"], version: "{v}" }] }\nroutes: [{ path: "/p/:id", strategy: versioned, tags: ["p:{id}"] }]',
      ['events.rules[0]: purges tags of /p/:id, which is stored by its version, and states none'],
    ],
    ['what only the origin has', `purge: { callers: { shop: ["product:*", catalog, "stock:*"] } }\n${TAGGED}]`, []],
    [
      'what nobody can have',
      `tags: { headers: [] }\npurge: { callers: { shop: ["product:*", catalog, "stock:*"] } }\n${TAGGED}]`,
      ['purge.callers.shop[2]: purges stock:*, which nothing carries'],
    ],
    ['invalidates where no write comes', `${TAGGED}, { path: /b, methods: [GET], invalidates: [catalog] }]`, [/^routes\[1\]\.invalidates: /]],
  ])('%s', (_, text, expected) => {
    expect(warned(text)).toEqual(expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))));
  });
});

describe('each', () => {
  it('says where, what, why, and what to do', () => {
    const { file, placeOf } = readConfig({ text: `defaults: {}\n${route('override: true')}`, env: {}, overrides: { origin: 'http://h' } });
    expect(describeWarnings(warningsOf(file), placeOf)).toEqual([
      '  - configuration:2: routes[0].override: override on /a/:id without a ttl',
      '      why: it lets the ttl of the route beat the origin, and there is none',
      '      do:  set ttl, or leave override out',
    ]);
  });

  it.each(['freshet.yaml', 'minimal.yaml'])('none for config/%s', (name) => {
    expect(warned(readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8'))).toEqual([]);
  });
});
