// Every finding as a table: what was seen, and what is nearly the same and is no finding.
import { describe, expect, it } from 'vitest';
import { countFindings, FINDING_KINDS } from '../../src/map/findings.ts';
import { invalidationMap } from '../../src/map/map.ts';
import { configOf, MINUTE, Seen } from './seen.ts';

const SHOP = `
routes:
  - { path: "/products/:id", tags: ["product:{id}"], invalidates: ["product:{id}"] }
  - { path: /list }
  - { path: /news, strategy: revalidate }
  - { path: /mine, scope: credential }
  - { path: /fast, ttl: 5s }
events: { rules: [{ on: [order.updated, "price.*"], purge: ["order:{id}"] }] }`;

const WRITE = { kind: 'write', actor: 'PUT /products/:id' } as const;
const later = (seen: Seen, minutes: number): void => void (seen.now += minutes * MINUTE);
const times = (count: number, act: () => void): void => {
  for (let i = 0; i < count; i++) act();
};

type Row = readonly [name: string, act: (seen: Seen) => void, expected: readonly (string | RegExp)[]];

const ROWS: readonly Row[] = [
  ['nothing was seen', () => undefined, []],

  ['stored without a tag', (seen) => seen.stored('/list', []), ['untagged: 1 of 1 stored responses of /list without a tag, fresh for about 1 h']],
  ['without a tag, for seconds', (seen) => seen.stored('/list', [], { lifetimeMs: 5_000 }), []],
  ['without a tag, where the clock is to end it', (seen) => seen.stored('/news', []), []],
  [
    'some without a tag, in a scope',
    (seen) => {
      seen.stored('/mine', ['me']);
      seen.stored('/mine', []);
    },
    [/^untagged: 1 of 2 stored responses of \/mine /],
  ],

  [
    'long lives that nobody ends',
    (seen) => {
      seen.stored('/list', ['catalog']);
      seen.purged(['other:thing'], { actor: 'x' });
      later(seen, 10);
    },
    [/^never-purged: 1 tag of catalog was stored \(\/list\), fresh for about 1 h, and none has been purged in 10 min$/, /^met-nothing: /],
  ],
  [
    'not for long yet',
    (seen) => {
      seen.stored('/list', ['catalog']);
      later(seen, 9);
    },
    [],
  ],
  [
    'purged once',
    (seen) => {
      seen.stored('/list', ['catalog']);
      seen.purged(['catalog']);
      later(seen, 10);
    },
    [],
  ],
  [
    'by what is nearly their name',
    (seen) => {
      seen.stored('/list', ['catalog']);
      seen.purged(['catalgo']);
      later(seen, 10);
    },
    [
      /^met-nothing: 1 purge of catalgo by caller 127\.0\.0\.1 met nothing: nothing so tagged was ever stored here; did they mean catalog\?$/,
      /^never-purged: .*; catalgo is purged$/,
    ],
  ],

  [
    'a typo, on the same day',
    (seen) => {
      seen.stored('/products/:id', ['product:1']);
      seen.purged(['prodcut:1']);
    },
    [/^met-nothing: 1 purge of prodcut:\* .*; did they mean product:\*\?$/],
  ],
  [
    'a typo, of which one tag in 40 is there by chance',
    (seen) => {
      seen.stored('/products/:id', ['product:1']);
      seen.inSketch(['prodcut:7']);
      for (let id = 0; id < 40; id++) seen.purged([`prodcut:${id}`]);
    },
    [/^met-nothing: 40 purges of prodcut:\* .*; did they mean product:\*\?$/],
  ],
  [
    'what somebody should purge, while entries of its first hour may live',
    (seen) => {
      seen.stored('/products/:id', ['product:1'], { lifetimeMs: 60 * MINUTE });
      later(seen, 30);
    },
    [],
  ],
  [
    'what somebody should purge, and has not in the life of an entry',
    (seen) => {
      seen.stored('/products/:id', ['product:1'], { lifetimeMs: 60 * MINUTE });
      later(seen, 61);
    },
    [/^never-purged: 1 tag of product:\* /],
  ],
  [
    'what nobody is known to purge, of a route that is purged as a whole',
    (seen) => {
      seen.stored('/list', ['catalog'], { lifetimeMs: 60 * MINUTE });
      seen.purged([], { all: true });
      later(seen, 61);
    },
    [],
  ],
  [
    'what a thread that is gone had stored',
    (seen) => {
      seen.stored('/products/:id', ['product:1']);
      seen.inSketch(['prodcut:1']);
      times(10, () => seen.purged(['prodcut:1']));
      later(seen, 10);
    },
    [],
  ],
  [
    'what a route names, before it is stored',
    (seen) => {
      seen.stored('/list', ['produkt:1'], { lifetimeMs: 5_000 });
      seen.purged(['product:1'], WRITE);
    },
    [],
  ],
  [
    'what a route names, and is never stored',
    (seen) => {
      seen.stored('/list', ['produkt:1'], { lifetimeMs: 5_000 });
      seen.purged(['product:1'], WRITE);
      later(seen, 10);
    },
    [/^met-nothing: 1 purge of product:\* by write \/products\/:id met nothing: nothing so tagged was ever stored here$/],
  ],
  [
    'what nothing is near to, at once',
    (seen) => {
      seen.stored('/products/:id', ['product:1']);
      seen.purged(['balance:1']);
    },
    [],
  ],
  [
    'what nothing is near to, for a while',
    (seen) => {
      times(3, () => seen.purged(['balance:1'], { reason: 'paid 17' }));
      later(seen, 10);
    },
    ['met-nothing: 3 purges of balance:* by caller 127.0.0.1 (paid *) met nothing: nothing so tagged was ever stored here'],
  ],
  [
    'one that is not stored, of a family that is',
    (seen) => {
      seen.stored('/products/:id', ['product:1']);
      seen.purged(['product:2'], WRITE);
      later(seen, 60);
    },
    [],
  ],
  [
    'an event that names nothing',
    (seen) => {
      seen.purged(['ordr:1'], { kind: 'event', actor: 'webhook event 1 of /shop', reason: 'order.updated: events.rules[0] (order.*)' });
      later(seen, 10);
    },
    [/^met-nothing: 1 purge of ordr:\* by event order\.updated met nothing/],
  ],

  [
    'short lives whose tags nobody uses',
    (seen) => {
      seen.stored('/list', ['catalog'], { lifetimeMs: 2 * MINUTE });
      later(seen, 10);
    },
    ['ends-by-expiry: 1 response of /list was stored, fresh for about 2 min, and none was ever purged'],
  ],
  [
    'short lives, one purged by its URL',
    (seen) => {
      seen.stored('/list', ['catalog'], { lifetimeMs: 2 * MINUTE });
      seen.purged([], { urls: [{ authority: 'h', path: '/list', query: '' }] });
      later(seen, 10);
    },
    [],
  ],
  [
    'short lives, one purged by a prefix that it is under',
    (seen) => {
      seen.stored('/list', ['catalog'], { lifetimeMs: 2 * MINUTE });
      seen.purged([], { prefixes: [{ authority: undefined, path: '/list/' }] });
      later(seen, 10);
    },
    [],
  ],
  [
    'short lives, where a cache group is purged',
    (seen) => {
      seen.stored('/list', ['catalog'], { lifetimeMs: 2 * MINUTE });
      seen.purged([], { groups: [{ origin: 'h', group: 'g' }] });
      later(seen, 10);
    },
    [],
  ],
  [
    'short lives, others purged by a prefix and by a scope',
    (seen) => {
      seen.stored('/list', ['catalog'], { lifetimeMs: 2 * MINUTE });
      seen.purged([], { prefixes: [{ authority: undefined, path: '/products' }], scopes: [['sub', 'u7']] });
      later(seen, 10);
    },
    [/^ends-by-expiry: 1 response of \/list /],
  ],
  [
    'short lives, where the clock is to end them',
    (seen) => {
      seen.stored('/news', ['news'], { lifetimeMs: 2 * MINUTE });
      later(seen, 10);
    },
    [],
  ],

  [
    'events of a type that is nearly that of a rule',
    (seen) => times(2, () => seen.unmatched('ordr.updated')),
    ['unmatched-event: 2 events of type ordr.updated came that no rule is for; the nearest is for order.updated'],
  ],
  [
    'an event of nearly a family of types',
    (seen) => seen.unmatched('prise.changed'),
    ['unmatched-event: 1 event of type prise.changed came that no rule is for; the nearest is for price.*'],
  ],
  [
    'events of other types, for a while',
    (seen) => {
      seen.unmatched('invoiceWasSentV2');
      seen.unmatched('invoiceWasSentV2');
      seen.unmatched('mail.bounced');
      later(seen, 10);
    },
    ['unmatched-event: 3 events of 2 types came that no rule is for: invoiceWasSentV2, mail.bounced'],
  ],
  [
    'what would move the cursor of a terminal',
    (seen) => {
      seen.unmatched('mail\u001b[2J');
      later(seen, 10);
    },
    ['unmatched-event: 1 event of 1 type came that no rule is for: mail\\u001b[2J'],
  ],
  ['events of other types, at once', (seen) => seen.unmatched('mail.bounced'), []],

  [
    'public, and by credential',
    (seen) => times(2, () => seen.refused('/list', 'vary-not-allowed', ['authorization'])),
    ['shared-by-credential: 2 answers of /list vary on authorization, and its scope is public: they are not stored'],
  ],
  ['by credential, as its scope is', (seen) => seen.refused('/mine', 'vary-not-allowed', ['authorization']), []],

  [
    'never stored',
    (seen) => {
      times(9, () => seen.refused('/fast', 'set-cookie'));
      seen.refused('/fast', 'private');
    },
    ['never-stored: none of 10 answers of /fast was stored, mostly for set-cookie'],
  ],
  [
    'stored once',
    (seen) => {
      times(10, () => seen.refused('/fast', 'set-cookie'));
      seen.stored('/fast', ['a'], { lifetimeMs: 5_000 });
    },
    [],
  ],
  ['never stored, and never meant to be', (seen) => times(10, () => seen.refused('/list', 'no-freshness')), []],
];

describe('findings of what was seen', () => {
  it.each(ROWS)('%s', (_, act, expected) => {
    const seen = new Seen(SHOP);
    act(seen);
    expect(seen.findings).toEqual(expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))));
  });

  it('of every kind there is a row', () => {
    const found = ROWS.flatMap(([, act]) => {
      const seen = new Seen(SHOP);
      act(seen);
      return seen.map().findings.map(({ kind }) => kind);
    });
    expect(new Set(found)).toEqual(new Set(FINDING_KINDS));
  });

  it('each has counts, examples, why, and what to do', () => {
    const seen = new Seen(SHOP);
    times(5, () => seen.stored('/list', [], { path: `/list?${'x'.repeat(200)}` }));
    const [finding] = seen.map().findings;
    expect(finding).toMatchObject({ kind: 'untagged', subject: '/list', count: 5, examples: [expect.stringMatching(/^\/list\?x{94}…$/)] });
    for (const text of [finding?.why, finding?.todo]) expect(text).toMatch(/^.{20,}[^.]$/);
    expect(countFindings(seen.map().findings).get('untagged')).toBe(1);
    expect([...countFindings([]).values()]).toEqual(FINDING_KINDS.map(() => 0));
  });
});

describe('findings of the configuration alone', () => {
  const TAGGED = '{ path: "/a/:id", ttl: 1h, tags: ["a:{id}"] }';
  it.each([
    ['all purges come from elsewhere', `routes: [${TAGGED}]`, []],
    [
      'another is purged',
      `purge: { callers: { x: [b] } }\nroutes: [${TAGGED}]`,
      [/^a:\* is emitted by \/a\/:id, whose answers are kept for about 1 h, and nothing purges it/],
    ],
    ['it is purged', `purge: { callers: { x: ["a:*"] } }\nroutes: [${TAGGED}]`, []],
    ['it does not live long', `purge: { callers: { x: [b] } }\nroutes: [{ path: "/a/:id", ttl: 1m, tags: ["a:{id}"] }]`, []],
  ])('%s', (_, text, expected) => {
    expect(invalidationMap(configOf(text)).findings.map(({ what }) => what)).toEqual(expected.map((one) => expect.stringMatching(one)));
  });
});

it('of several nodes none says what was never purged, since others may have been asked', () => {
  const seen = new Seen(`redis: { url: "redis://127.0.0.1:6379", cluster: shop, secret: "${'s'.repeat(32)}" }\n${SHOP}`);
  seen.stored('/products/:id', ['product:1'], { lifetimeMs: 60 * MINUTE });
  seen.stored('/list', ['catalog'], { lifetimeMs: 2 * MINUTE });
  later(seen, 61);
  expect(seen.findings).toEqual([]);
});
