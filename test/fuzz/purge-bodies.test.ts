// SECURITY §6: the body of a purge is an order or a problem, nothing else; an order says what it was given and nothing more.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePurgeBody } from '../../src/purge/endpoint.ts';
import type { PurgeOrder } from '../../src/purge/order.ts';
import { isTag } from '../../src/purge/surrogate-keys.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const bodies = corpus('purge-bodies', ['texts']).texts;
const FROM = { actor: 'fuzz', fields: [], scopes: ['authorization', 'cookie.session'] };

const urlText = ({ authority, path, query = '' }: { authority: string | undefined; path: string; query?: string }): string =>
  `${authority === undefined ? '' : `//${authority}`}${path}${query}`;

/** An order as a body that asks for it. */
function written(order: PurgeOrder): string {
  return JSON.stringify({
    tags: order.tags,
    urls: order.urls.map(urlText),
    prefixes: order.prefixes.map(urlText),
    scopes: order.scopes.map(([name, value]) => ({ [name]: value })),
    all: order.all,
    mode: order.mode,
    // Not by assignment: a tag may be named __proto__.
    versions: Object.fromEntries(order.versions),
    ...(order.settleMs === undefined ? {} : { settle: `${order.settleMs}ms` }),
    ...(order.reason === undefined ? {} : { reason: order.reason }),
  });
}

function check(body: string): 'order' | 'problem' {
  const parsed = parsePurgeBody(body, FROM);
  if (parsed.kind === 'problem') {
    expect([400, 413]).toContain(parsed.answer.status);
    return 'problem';
  }
  const { order } = parsed;
  expect(order.all || order.tags.length + order.urls.length + order.prefixes.length + order.scopes.length + order.versions.size > 0).toBe(true);
  expect([...order.tags, ...order.versions.keys()].every(isTag)).toBe(true);
  expect(parsePurgeBody(written(order), FROM)).toEqual(parsed);
  return 'order';
}

describe('purge bodies', () => {
  it('of the corpus are orders and problems', () => {
    expect(new Set(bodies.map(check))).toEqual(new Set(['order', 'problem']));
  });

  it('with edits are orders or problems, and orders make the round trip', () => {
    fc.assert(
      fc.property(mutated(bodies), (body) => void check(body)),
      RUNS,
    );
  });

  it('everything that may be named can be, and comes back', () => {
    const tag = fc.string({ unit: fc.constantFrom('a', ':', '*', '_', '%', '{', '"', '\\', '\x7e', '\x21'), minLength: 1, maxLength: 12 });
    const url = fc.constantFrom('http://x/a?b', '//x:8080/', '/a', '/a?b=c', 'HTTPS://X/%2f', '//[::1]/a');
    const body = fc.record({
      tags: fc.array(tag, { minLength: 1, maxLength: 5 }),
      urls: fc.array(url, { maxLength: 3 }),
      prefixes: fc.array(fc.constantFrom('/a', '//x/docs', 'http://x/'), { maxLength: 3 }),
      scopes: fc.array(fc.constantFrom({ authorization: 'Bearer a' }, { 'cookie.session': '' }), { maxLength: 2 }),
      mode: fc.constantFrom('hard', 'soft'),
      versions: fc.dictionary(tag, fc.nat()),
      settle: fc.constantFrom('0s', '250ms', '1h'),
    });
    fc.assert(
      fc.property(body, (given) => {
        expect(check(JSON.stringify(given))).toBe('order');
      }),
      RUNS,
    );
  });
});
