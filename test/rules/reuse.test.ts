import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { REASONS } from '../../src/rules/reasons.ts';
import { decideReuse, mayServeOnError, type Reuse } from '../../src/rules/reuse.ts';
import type { StoredResponse, Verdict } from '../../src/rules/stored-response.ts';
import { entry, NOW, strictPolicy } from './builders.ts';

const etag: Fields = ['etag', '"1"'];
const ok: Verdict = { kind: 'ok' };

interface Given {
  readonly method?: string;
  readonly request?: Fields;
  /** `null`: there is none. */
  readonly stored?: Partial<StoredResponse> | null;
  readonly otherVariants?: boolean;
  readonly verdict?: Verdict;
  readonly afterMs?: number;
}

function decide(given: Given): Reuse {
  return decideReuse({
    request: { method: given.method ?? 'GET', fields: given.request ?? [] },
    stored: given.stored === null ? undefined : entry(given.stored),
    otherVariants: given.otherVariants ?? false,
    verdict: given.verdict ?? ok,
    now: NOW + (given.afterMs ?? 0),
    policy: strictPolicy,
  });
}

/** `hit fresh`, `stale-while-revalidate`, `refuse only-if-cached`, or `stale must-revalidate +base +fallback bytes=5-`. */
function summary(reuse: Reuse): string {
  if (reuse.kind === 'stale-while-revalidate') return reuse.kind;
  if (reuse.kind !== 'forward') return `${reuse.kind} ${reuse.reason}`;
  const uses = [reuse.base && '+base', reuse.fallback && '+fallback', reuse.missingRange];
  return [reuse.fwd, reuse.reason, ...uses.filter((use) => use !== undefined)].join(' ');
}

const cc = (value: string): Fields => ['cache-control', value];
const swr = { staleWhileRevalidateMs: 5000 };
const sie = { staleIfErrorMs: 5000 };
const part = { status: 206, part: { first: 0, last: 4, completeBytes: 10 } };
const tail = { status: 206, part: { first: 5, last: 9, completeBytes: 10 } };

interface Row extends Given {
  readonly name: string;
  readonly expected: string;
}

const ROWS: readonly Row[] = [
  { name: 'nothing', stored: null, expected: 'uri-miss absent' },
  { name: 'other variants', stored: null, otherVariants: true, expected: 'vary-miss vary-mismatch' },
  { name: 'fresh', expected: 'hit fresh' },
  { name: 'the last fresh millisecond', afterMs: 59_999, expected: 'hit fresh' },
  { name: 'stale', afterMs: 60_000, expected: 'stale stale' },
  { name: 'stale with a validator', afterMs: 60_000, stored: { fields: etag }, expected: 'stale stale +base' },
  { name: 'a stale error with a validator', afterMs: 60_000, stored: { status: 500, fields: etag }, expected: 'stale stale' },
  { name: 'HEAD', method: 'HEAD', expected: 'hit fresh' },
  { name: 'a condition changes nothing', request: ['if-none-match', '"1"'], expected: 'hit fresh' },
  { name: 'a range of the whole', request: ['range', 'bytes=0-1'], expected: 'hit fresh' },
  { name: 'Pragma is no directive (RFC 9111 §5.4)', request: ['pragma', 'no-cache'], expected: 'hit fresh' },

  { name: 'always to be validated', stored: { alwaysValidate: true, fields: etag, ...sie }, expected: 'stale no-cache +base' },
  { name: 'must-revalidate while fresh', stored: { neverStale: true }, expected: 'hit fresh' },
  {
    name: 'must-revalidate when stale',
    stored: { neverStale: true, fields: etag, ...sie },
    afterMs: 60_000,
    expected: 'stale must-revalidate +base',
  },

  { name: 'the end of stale-while-revalidate', stored: swr, afterMs: 64_999, expected: 'stale-while-revalidate' },
  { name: 'after stale-while-revalidate', stored: swr, afterMs: 65_000, expected: 'stale stale' },
  { name: 'a window granted beside s-maxage', stored: { neverStale: true, ...swr }, afterMs: 64_999, expected: 'stale-while-revalidate' },
  { name: 'after a window granted beside s-maxage', stored: { neverStale: true, ...swr }, afterMs: 65_000, expected: 'stale must-revalidate' },
  { name: 'the end of stale-if-error', stored: sie, afterMs: 64_999, expected: 'stale stale +fallback' },
  { name: 'after stale-if-error', stored: sie, afterMs: 65_000, expected: 'stale stale' },

  { name: 'purged', verdict: { kind: 'purged' }, stored: { fields: etag, ...swr, ...sie }, expected: 'miss purged' },
  { name: 'held', verdict: { kind: 'held' }, stored: { fields: etag, ...swr, ...sie }, expected: 'miss held' },
  {
    name: 'softly purged',
    verdict: { kind: 'softened', since: NOW + 1000 },
    stored: { fields: etag },
    afterMs: 1000,
    expected: 'stale soft-purged +base',
  },
  { name: 'softly purged, in a window', verdict: { kind: 'softened', since: NOW }, stored: swr, afterMs: 4999, expected: 'stale-while-revalidate' },
  {
    name: 'softly purged, past a window',
    verdict: { kind: 'softened', since: NOW },
    stored: { ...swr, ...sie },
    afterMs: 5000,
    expected: 'stale soft-purged',
  },
  {
    name: 'softly purged when stale already',
    verdict: { kind: 'softened', since: NOW + 70_000 },
    stored: sie,
    afterMs: 70_000,
    expected: 'stale stale',
  },

  { name: 'request no-cache', request: cc('no-cache'), stored: { fields: etag, ...sie }, expected: 'request request-no-cache +base' },
  { name: 'request no-cache of what is stale', request: cc('no-cache'), stored: { ...swr, ...sie }, afterMs: 60_000, expected: 'stale stale' },
  { name: 'request max-age=0', request: cc('max-age=0'), expected: 'request request-max-age +fallback' },
  { name: 'request max-age, young enough', request: cc('max-age=2'), afterMs: 1999, expected: 'hit fresh' },
  {
    name: 'request max-age, too old',
    request: cc('max-age=2'),
    stored: { initialAgeMs: 1, fields: etag },
    afterMs: 1999,
    expected: 'request request-max-age +base +fallback',
  },
  { name: 'request max-age that is none', request: cc('max-age=x'), expected: 'hit fresh' },
  { name: 'request max-age against a window', request: cc('max-age=1'), stored: swr, afterMs: 60_000, expected: 'stale stale' },
  { name: 'request min-fresh, fresh enough', request: cc('min-fresh=60'), expected: 'hit fresh' },
  { name: 'request min-fresh, not fresh enough', request: cc('min-fresh=60'), afterMs: 1, expected: 'request request-min-fresh +fallback' },
  { name: 'request min-fresh against a window', request: cc('min-fresh=1'), stored: swr, afterMs: 60_000, expected: 'stale stale' },
  { name: 'max-stale', request: cc('max-stale'), afterMs: 1_000_000, expected: 'hit max-stale' },
  { name: 'max-stale, not too stale', request: cc('max-stale=10'), afterMs: 70_000, expected: 'hit max-stale' },
  { name: 'max-stale, too stale', request: cc('max-stale=10'), afterMs: 70_001, expected: 'stale stale' },
  {
    name: 'max-stale against must-revalidate',
    request: cc('max-stale'),
    stored: { neverStale: true },
    afterMs: 60_000,
    expected: 'stale must-revalidate',
  },
  { name: 'max-stale against no-cache', request: cc('max-stale'), stored: { alwaysValidate: true }, expected: 'stale no-cache' },
  { name: 'max-stale against a purge', request: cc('max-stale'), verdict: { kind: 'purged' }, expected: 'miss purged' },
  { name: 'max-stale that is none', request: cc('max-stale=x'), afterMs: 60_000, expected: 'stale stale' },
  { name: 'only-if-cached without an entry', request: cc('only-if-cached'), stored: null, expected: 'refuse only-if-cached' },
  { name: 'only-if-cached with a stale one', request: cc('only-if-cached'), afterMs: 60_000, expected: 'refuse only-if-cached' },
  { name: 'only-if-cached with a fresh one', request: cc('only-if-cached'), expected: 'hit fresh' },

  { name: 'the range that is stored', stored: part, request: ['range', 'bytes=0-4'], expected: 'hit fresh' },
  { name: 'a smaller range', stored: part, request: ['range', 'bytes=1-2'], expected: 'hit fresh' },
  { name: 'a longer range', stored: part, request: ['range', 'bytes=1-5'], expected: 'partial incomplete' },
  { name: 'an earlier range', stored: tail, request: ['range', 'bytes=4-5'], expected: 'partial incomplete' },
  { name: 'an open range to the end', stored: tail, request: ['range', 'bytes=6-'], expected: 'hit fresh' },
  { name: 'a range past the end', stored: tail, request: ['range', 'bytes=6-99'], expected: 'hit fresh' },
  { name: 'an open range from a part in front', stored: part, request: ['range', 'bytes=1-'], expected: 'partial incomplete' },
  {
    name: 'an open range of unknown length',
    stored: { ...tail, part: { first: 5, last: 9, completeBytes: undefined } },
    request: ['range', 'bytes=6-'],
    expected: 'partial incomplete',
  },
  { name: 'a suffix', stored: tail, request: ['range', 'bytes=-5'], expected: 'hit fresh' },
  { name: 'a longer suffix', stored: tail, request: ['range', 'bytes=-6'], expected: 'partial incomplete' },
  { name: 'a suffix of a part in front', stored: part, request: ['range', 'bytes=-5'], expected: 'partial incomplete' },
  { name: 'two ranges', stored: part, request: ['range', 'bytes=0-1,3-4'], expected: 'partial incomplete' },
  { name: 'a range for HEAD', method: 'HEAD', stored: part, request: ['range', 'bytes=0-1'], expected: 'partial incomplete' },
  { name: 'a stale part', stored: { ...part, fields: etag }, request: ['range', 'bytes=0-1'], afterMs: 60_000, expected: 'stale stale +base' },
  {
    name: 'a range without If-Range of a dated part',
    stored: { ...part, fields: ['last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT'] },
    request: ['range', 'bytes=0-1'],
    expected: 'hit fresh',
  },
  { name: 'If-Range that holds', stored: { ...part, fields: etag }, request: ['range', 'bytes=0-1', 'if-range', '"1"'], expected: 'hit fresh' },
  {
    name: 'If-Range that does not',
    stored: { ...part, fields: etag },
    request: ['range', 'bytes=0-1', 'if-range', '"2"'],
    expected: 'partial incomplete',
  },
  {
    name: 'If-Range that is weak',
    stored: { ...part, fields: ['etag', 'W/"1"'] },
    request: ['range', 'bytes=0-1', 'if-range', 'W/"1"'],
    expected: 'partial incomplete',
  },
  { name: 'a whole of which the start is stored', stored: { ...part, fields: etag, ...sie }, expected: 'partial incomplete bytes=5-' },
  { name: 'the same, weakly validated', stored: { ...part, fields: ['etag', 'W/"1"'] }, expected: 'partial incomplete' },
  { name: 'the same, without a validator', stored: part, expected: 'partial incomplete' },
  { name: 'the same, purged', verdict: { kind: 'purged' }, stored: { ...part, fields: etag }, expected: 'miss purged' },
  { name: 'the same, softly purged', verdict: { kind: 'softened', since: NOW }, stored: { ...part, fields: etag }, expected: 'partial incomplete' },
  { name: 'a whole of which the end is stored', stored: { ...tail, fields: etag }, expected: 'partial incomplete' },
  {
    name: 'a whole of which the middle is stored',
    stored: { status: 206, part: { first: 2, last: 4, completeBytes: 10 }, fields: etag },
    expected: 'partial incomplete',
  },
  {
    name: 'a whole that is stored as a part: nothing is missing',
    stored: { status: 206, part: { first: 0, last: 9, completeBytes: 10 }, fields: etag },
    expected: 'partial incomplete',
  },
  { name: 'a HEAD of which the start is stored', method: 'HEAD', stored: { ...part, fields: etag }, expected: 'partial incomplete' },
];

describe('RFC 9111 §4: reuse', () => {
  it.each(ROWS)('$name: $expected', ({ expected, ...given }) => {
    expect(summary(decide(given))).toBe(expected);
  });

  it('says how long it is fresh', () => {
    expect(decide({ afterMs: 20_000 })).toMatchObject({ ttlMs: 40_000 });
    expect(decide({ stored: swr, afterMs: 61_000 })).toMatchObject({ ttlMs: -1000 });
    expect(decide({ stored: swr, verdict: { kind: 'softened', since: NOW }, afterMs: 1000 })).toMatchObject({ ttlMs: -1000 });
  });

  it('has a row for every reason it gives', () => {
    const given = [
      'fresh max-stale only-if-cached absent vary-mismatch stale must-revalidate no-cache incomplete purged held soft-purged',
      'request-no-cache request-max-age request-min-fresh',
    ].flatMap((line) => line.split(' '));
    expect(new Set(ROWS.map(({ expected }) => expected.split(' ')[1]))).toEqual(new Set([...given, undefined]));
    expect(Object.keys(REASONS)).toEqual(expect.arrayContaining(given));
  });
});

describe('RFC 5861 §4: serving on error', () => {
  it.each([
    { name: 'fresh', stored: {}, verdict: ok, afterMs: 0, expected: true },
    { name: 'in the window', stored: sie, verdict: ok, afterMs: 64_999, expected: true },
    { name: 'past the window', stored: sie, verdict: ok, afterMs: 65_000, expected: false },
    { name: 'must-revalidate', stored: { ...sie, neverStale: true }, verdict: ok, afterMs: 60_000, expected: false },
    { name: 'no-cache', stored: { ...sie, alwaysValidate: true }, verdict: ok, afterMs: 0, expected: false },
    { name: 'softly purged, in the window', stored: sie, verdict: { kind: 'softened', since: NOW } as const, afterMs: 4999, expected: true },
    { name: 'softly purged, past the window', stored: sie, verdict: { kind: 'softened', since: NOW } as const, afterMs: 5000, expected: false },
    { name: 'purged', stored: sie, verdict: { kind: 'purged' } as const, afterMs: 0, expected: false },
    { name: 'held', stored: sie, verdict: { kind: 'held' } as const, afterMs: 0, expected: false },
  ])('$name: $expected', ({ stored, verdict, afterMs, expected }) => {
    expect(mayServeOnError(entry(stored), verdict, NOW + afterMs)).toBe(expected);
  });
});

describe('properties', () => {
  const stored = fc.record({
    freshUntil: fc.integer({ min: NOW - 100_000, max: NOW + 100_000 }),
    staleWhileRevalidateMs: fc.nat(100_000),
    staleIfErrorMs: fc.nat(100_000),
    alwaysValidate: fc.boolean(),
    neverStale: fc.boolean(),
    fields: fc.constantFrom<Fields>([], etag),
  });
  const request = fc
    .subarray(['max-stale', 'max-age=100', 'only-if-cached', 'stale-if-error=60', 'min-fresh=1', 'no-transform'])
    .map((members) => cc(members.join(', ')));

  it('a purged or held entry is never answered with, validated or fallen back on', () => {
    fc.assert(
      fc.property(stored, request, fc.constantFrom<'purged' | 'held'>('purged', 'held'), (given, fields, kind) => {
        const reuse = decide({ stored: given, request: fields, verdict: { kind } });
        expect(['miss purged', 'miss held', 'refuse only-if-cached']).toContain(summary(reuse));
      }),
    );
  });

  it('no-cache in the request or the response is never answered without asking', () => {
    fc.assert(
      fc.property(stored, fc.boolean(), (given, inRequest) => {
        const reuse = decide({ stored: inRequest ? given : { ...given, alwaysValidate: true }, request: inRequest ? cc('no-cache') : [] });
        expect(reuse).toMatchObject({ kind: 'forward', fallback: undefined });
      }),
    );
  });

  it('must-revalidate is never answered stale, except in a window of its own', () => {
    fc.assert(
      fc.property(stored, request, (given, fields) => {
        const reuse = decide({ stored: { ...given, neverStale: true, staleWhileRevalidateMs: 0 }, request: fields });
        if (reuse.kind === 'hit') expect(reuse.ttlMs).toBeGreaterThan(0);
        expect(reuse.kind).not.toBe('stale-while-revalidate');
      }),
    );
  });
});
