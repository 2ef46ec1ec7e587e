import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand, MOST_TEXTS, parseTemplate, TAG_LITERAL, type Template, VALUE_LITERAL } from '../../src/events/template.ts';
import { event } from './event.ts';

function template(source: string): Template {
  const parsed = parseTemplate(source, TAG_LITERAL);
  if (parsed.kind === 'refuse') throw new Error(parsed.message);
  return parsed.template;
}

function made(source: string, data: unknown): readonly string[] | string {
  const texts = expand(template(source), event({ data, subject: 'order/7', extensions: { tenant: 'acme', rank: 3 } }));
  return texts.kind === 'texts' ? texts.texts : `${texts.field} ${texts.why}`;
}

function nested(depth: number): unknown {
  return JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`);
}

describe('what a template makes', () => {
  const items = [{ sku: 'a', size: 1 }, { sku: 'b', size: 2 }, { sku: 'a' }];
  it.each<{ source: string; data: unknown; expected: readonly string[] | string }>([
    { source: 'catalog', data: undefined, expected: ['catalog'] },
    { source: 'order:{id}', data: { id: 7 }, expected: ['order:7'] },
    { source: 'order:{id}', data: { id: '007' }, expected: ['order:007'] },
    { source: 'order:{id}', data: { id: 0 }, expected: ['order:0'] },
    { source: 'order:{id}', data: { id: false }, expected: ['order:false'] },
    { source: '{a}-{b}', data: { a: 1, b: 2 }, expected: ['1-2'] },
    { source: '{a}{a}', data: { a: 1 }, expected: ['11'] },
    { source: 'c:{customer.id}:orders', data: { customer: { id: 'x' } }, expected: ['c:x:orders'] },
    { source: 'product:{items.sku}', data: { items }, expected: ['product:a', 'product:b'] },
    { source: '{ids}', data: { ids: [3, [4, [5]], 3] }, expected: ['3', '4', '5'] },
    { source: '{a.ids}:{b}', data: { a: [{ ids: [1, 2] }, { ids: [3] }], b: ['x', 'y'] }, expected: ['1:x', '1:y', '2:x', '2:y', '3:x', '3:y'] },
    { source: '{list}', data: [{ list: 1 }, { list: 2 }], expected: ['1', '2'] },
    { source: '{event.subject}', data: {}, expected: ['order/7'] },
    { source: '{event.tenant}:{event.rank}:{event.id}', data: {}, expected: ['acme:3:e1'] },
    { source: '{event.data.event.id}', data: { event: { id: 9 } }, expected: ['9'] },
    { source: '{ids}', data: { ids: nested(32) }, expected: ['1'] },
    { source: '{ids}', data: { ids: nested(33) }, expected: 'ids has more than 32 lists in one another' },
    { source: '{ids?}', data: { ids: nested(30_000) }, expected: 'ids has more than 32 lists in one another' },
    { source: '{größe}', data: { größe: 1 }, expected: ['1'] },
    { source: 'c:{customer.id?}', data: {}, expected: [] },
    { source: 'c:{customer.id?}', data: { customer: null }, expected: [] },
    { source: 'c:{customer.id?}', data: { customer: { id: null } }, expected: [] },
    { source: 'p:{items.sku?}', data: { items: [] }, expected: [] },
    { source: '{a}{b?}', data: { a: [1, 2] }, expected: [] },
    { source: 'order:{id}', data: {}, expected: 'id is missing' },
    { source: 'order:{id}', data: undefined, expected: 'id is missing' },
    { source: 'order:{id}', data: null, expected: 'id is missing' },
    { source: 'order:{id}', data: { id: null }, expected: 'id is missing' },
    { source: 'order:{id}', data: { id: '' }, expected: 'id is empty' },
    { source: 'order:{id?}', data: { id: '' }, expected: 'id is empty' },
    { source: 'order:{id}', data: { id: [] }, expected: 'id is an empty list' },
    { source: 'order:{id}', data: { id: { a: 1 } }, expected: 'id is a map' },
    { source: 'order:{id}', data: { id: 1.5 }, expected: 'id is a number that cannot be told exactly; send it as text' },
    { source: 'order:{id}', data: { id: 2 ** 53 }, expected: 'id is a number that cannot be told exactly; send it as text' },
    { source: 'order:{id}', data: 'id', expected: 'id is not there: a string has no id' },
    { source: 'c:{customer.id?}', data: { customer: 'x' }, expected: 'customer.id is not there: a string has no id' },
    { source: '{items.sku}', data: { items: [{ sku: 'a' }, {}] }, expected: 'items.sku is missing in a list' },
    { source: '{items.sku?}', data: { items: [{ sku: 'a' }, {}] }, expected: 'items.sku is missing in a list' },
    { source: '{items.sku?}', data: { items: [{}] }, expected: 'items.sku is missing in a list' },
    { source: '{ids}', data: { ids: [1, ''] }, expected: 'ids is empty in a list' },
    { source: '{event.other}', data: {}, expected: 'event.other is missing' },
    { source: '{constructor.name}', data: {}, expected: 'constructor.name is missing' },
    { source: '{__proto__.x}', data: {}, expected: '__proto__.x is missing' },
    { source: '{id.length}', data: { id: 'abc' }, expected: 'id.length is not there: a string has no length' },
    { source: '{ids.length}', data: { ids: [1] }, expected: 'ids.length is not there: a number has no length in a list' },
  ])('$source of $data', ({ source, data, expected }) => expect(made(source, data)).toEqual(expected));

  it('is bounded by what one purge may name', () => {
    const ids = Array.from({ length: MOST_TEXTS }, (_, i) => i);
    expect(made('{ids}', { ids })).toHaveLength(MOST_TEXTS);
    expect(made('{ids}', { ids: [...ids, ...ids] })).toHaveLength(MOST_TEXTS);
    expect(made('{ids}', { ids: [...ids, -1] })).toBe(`ids has more than ${MOST_TEXTS} values`);
    expect(made('{a}-{b}', { a: ids.slice(0, 16), b: ids.slice(0, 16) })).toHaveLength(MOST_TEXTS);
    expect(made('{a}-{b}', { a: ids.slice(0, 16), b: ids.slice(0, 17) })).toBe(`b makes more than ${MOST_TEXTS} of {a}-{b}`);
  });
});

describe('what is no template', () => {
  it.each([
    ['', 'found nothing'],
    ['a b', 'without spaces or commas'],
    ['a,b', 'without spaces or commas'],
    ['größe:{id}', 'visible characters'],
    ['order:{id', 'visible characters'],
    ['order:id}', 'visible characters'],
    ['order:{{id}}', 'visible characters'],
    ['order:{}', '{} is no field'],
    ['order:{?}', '{?} is no field'],
    ['order:{a..b}', '{a..b} is no field'],
    ['order:{.a}', '{.a} is no field'],
    ['order:{a b}', '{a b} is no field'],
    ['order:{a[0]}', '{a[0]} is no field'],
    ['order:{event}', '{event} is no attribute'],
    ['order:{event.data}', '{event.data} is no attribute'],
    ['order:{event.time}', '{event.time} is no attribute'],
    ['order:{event.Subject}', '{event.Subject} is no attribute'],
    ['order:{event.subject.id}', '{event.subject.id} is no attribute'],
  ])('%s', (source, message) => {
    expect(parseTemplate(source, TAG_LITERAL)).toEqual({ kind: 'refuse', message: expect.stringContaining(message) });
  });

  it('a value of a scope may have spaces', () => {
    expect(parseTemplate('Bearer {token}', VALUE_LITERAL).kind).toBe('template');
    expect(parseTemplate('Bearer\n{token}', VALUE_LITERAL).kind).toBe('refuse');
  });
});

/** Data as events have it: maps of a few names, so that paths meet something. */
const names = fc.constantFrom('a', 'b', 'id', 'toString');
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined)),
    fc.dictionary(names, tie('tree'), { maxKeys: 3 }),
    fc.array(tie('tree'), { maxLength: 3 }),
  ),
}));
const path = fc.array(names, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('.'));

describe('properties', () => {
  it('no text is made of what is not there, of maps or of lists; and none is empty', () => {
    fc.assert(
      fc.property(tree, path, fc.boolean(), (data, field, isOptional) => {
        const texts = made(`t:{${field}${isOptional ? '?' : ''}}`, data);
        if (typeof texts === 'string') return;
        const scalars = new Set(leaves(data).map((leaf) => `t:${String(leaf)}`));
        for (const text of texts) expect(scalars).toContain(text);
        expect(texts.filter((text) => /^t:$|^t:(?:undefined|null|NaN|Infinity)$|\[object/.test(text) && !isSaid(text, data))).toEqual([]);
        if (!isOptional) expect(texts.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('several lists are the naive product', () => {
    const list = fc.array(fc.oneof(fc.integer(), fc.string({ minLength: 1 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(list, list, list, (a, b, c) => {
        const naive = new Set<string>();
        for (const x of a) for (const y of b) for (const z of c) naive.add(`${x}/${y}:${z}`);
        expect(made('{a}/{b.v}:{event.data.c}', { a, b: b.map((v) => ({ v })), c: [c] })).toEqual([...naive]);
      }),
    );
  });
});

function leaves(data: unknown): readonly unknown[] {
  if (Array.isArray(data)) return data.flatMap(leaves);
  if (typeof data === 'object' && data !== null) return Object.values(data).flatMap(leaves);
  return data === null || data === undefined || data === '' ? [] : [data];
}

/** A text that says `null` is one. */
function isSaid(text: string, data: unknown): boolean {
  return leaves(data).some((leaf) => typeof leaf === 'string' && `t:${leaf}` === text);
}
