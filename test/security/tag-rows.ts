// SECURITY §7 "Tags and index bombs": a response whose tags are too many, too long or malformed is passed on and not stored; what is stored can be purged by each.
import { PURGE_TOKEN, STORED } from '../proxy/journey.ts';
import { bytesOf, type RawJourney, type RawRow, type RawStep, response, rowsOf } from './raw-journey.ts';

const FRESH = 'Cache-Control: max-age=60';
const NO_TAGS = { 'surrogate-key': undefined, 'cache-tag': undefined, xkey: undefined, 'cache-groups': undefined, 'surrogate-version': undefined };

function tagged(...fields: readonly string[]) {
  return response('200 OK', [FRESH, ...fields], 'page');
}

function purge(field: string): RawStep {
  return { send: bytesOf('PURGE /', [`Authorization: Bearer ${PURGE_TOKEN}`, field]), expect: {} };
}

/** Every time, with its body, and without its tags. */
function refused(name: string, fields: readonly string[], detail: string): RawJourney {
  const expect = { body: 'page', fields: NO_TAGS, asked: 1, cacheStatus: `fwd=uri-miss; fwd-status=200; detail=${detail}` };
  return { name, answers: tagged(...fields), steps: [1, 2].map(() => ({ send: bytesOf('GET /a'), expect })) };
}

/** Each of `purges` by itself ends it. */
function purgeable(name: string, fields: readonly string[], purges: readonly string[]): RawJourney {
  return {
    name,
    answers: tagged(...fields),
    steps: [
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED, body: 'page', fields: NO_TAGS } },
      ...purges.flatMap((field): readonly RawStep[] => [
        { send: bytesOf('GET /a'), expect: { cacheStatus: 'hit; ttl=60', fields: NO_TAGS } },
        purge(field),
        { send: bytesOf('GET /a'), expect: { asked: 1, fields: NO_TAGS } },
      ]),
    ],
  };
}

function many(count: number, prefix = 't'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** So many bytes of them. */
function tagsOf(bytes: number): string {
  return `${'x'.repeat(1000)} `.repeat(20).slice(0, bytes);
}

const KIB = 1024;
const OVER = 'tags-over-limit';
const MALFORMED = 'tag-malformed';

export const TAGS: readonly RawRow[] = [
  ...rowsOf('7.1', [
    refused(
      '32 KiB of Surrogate-Key',
      [
        `Surrogate-Key: ${many(6000)
          .join(' ')
          .slice(0, 32 * KIB)}`,
      ],
      OVER,
    ),
    refused('16 KiB and a byte', [`Surrogate-Key: ${tagsOf(16 * KIB + 1)}`], OVER),
    purgeable('16 KiB', [`Surrogate-Key: ${tagsOf(16 * KIB)}`], [`Surrogate-Key: ${'x'.repeat(1000)}`]),
    refused(
      '64 KiB in four fields',
      ['Surrogate-Key', 'Cache-Tag', 'xkey', 'Surrogate-Key'].map((name) => `${name}: ${'x'.repeat(14 * KIB)}`),
      OVER,
    ),
    {
      name: 'a head beyond all limits is no response',
      answers: tagged(`Surrogate-Key: ${'x'.repeat(70 * KIB)}`),
      steps: [1, 2].map(() => ({ send: bytesOf('GET /a'), expect: { status: 502, asked: 1, cacheStatus: 'fwd=uri-miss; detail=origin-malformed' } })),
    },
  ]),
  ...rowsOf('7.2', [
    refused('5,000 tags', [`Surrogate-Key: ${many(5000).join(' ')}`], OVER),
    refused('257 tags', [`Surrogate-Key: ${many(257).join(' ')}`], OVER),
    refused(
      '257 tags in three fields',
      [`Surrogate-Key: ${many(100).join(' ')}`, `Cache-Tag: ${many(100, 'u').join(', ')}`, `xkey: ${many(57, 'v').join(' ')}`],
      OVER,
    ),
    purgeable(
      '256 tags, by the first, the last and one between',
      [`Surrogate-Key: ${many(256).join(' ')}`],
      ['t0', 't128', 't255'].map((tag) => `Surrogate-Key: ${tag}`),
    ),
  ]),
  ...rowsOf('7.3', [
    refused('one tag of 20 KiB', [`Surrogate-Key: ${'x'.repeat(20 * KIB)}`], OVER),
    refused('one tag of 1,025 bytes', [`Surrogate-Key: ${'x'.repeat(1025)} a`], OVER),
    refused('one group of 1,025 bytes', [`Cache-Groups: "${'x'.repeat(1025)}"`], OVER),
    purgeable('one tag of 1,024 bytes', [`Surrogate-Key: ${'x'.repeat(1024)}`], [`Surrogate-Key: ${'x'.repeat(1024)}`]),
  ]),
  ...rowsOf('7.4', [
    purgeable('the same tag 1,000 times', [`Surrogate-Key: ${'a '.repeat(1000)}`], ['Surrogate-Key: a']),
    purgeable('the same tag in every field', ['Surrogate-Key: a', 'Cache-Tag: a', 'xkey: a'], ['Surrogate-Key: a']),
  ]),
  ...rowsOf('7.6', [
    {
      name: 'tags of what is not cached are dropped with it',
      answers: response('200 OK', ['Cache-Control: no-store', `Surrogate-Key: ${many(300).join(' ')}`], 'page'),
      steps: [1, 2].map(() => ({
        send: bytesOf('GET /a'),
        expect: { body: 'page', fields: NO_TAGS, asked: 1, cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=response-no-store' },
      })),
    },
    {
      name: 'and of what is passed on',
      answers: tagged('Surrogate-Key: a', 'Cache-Groups: "g"'),
      steps: [{ send: bytesOf('POST /a', [], 'x'), expect: { fields: NO_TAGS, asked: 1 } }],
    },
  ]),
  ...rowsOf('7.7', [
    refused('commas in Surrogate-Key', ['Surrogate-Key: a,b c'], MALFORMED),
    refused('spaces in a member of Cache-Tag', ['Cache-Tag: a b, c'], MALFORMED),
    refused('Cache-Groups without quotes', ['Cache-Groups: a, b'], MALFORMED),
    refused('Cache-Groups with a number', ['Cache-Groups: "a", 1'], MALFORMED),
    refused('obs-text', ['Surrogate-Key: a \xe9'], MALFORMED),
    refused('one malformed tag among many in another field', [`Surrogate-Key: ${many(100).join(' ')}`, 'xkey: \xff'], MALFORMED),
    refused('a version that is no number', ['Surrogate-Key: a', 'Surrogate-Version: a=new'], MALFORMED),
    purgeable('tabs, and more spaces than are needed', ['Surrogate-Key: \t a \t\t b  '], ['Surrogate-Key: a', 'Surrogate-Key: b']),
    purgeable('empty members', ['Cache-Tag: , a,, b ,', 'Surrogate-Key:'], ['Surrogate-Key: a', 'Surrogate-Key: b']),
  ]),
  ...rowsOf('7.8', [
    purgeable(
      'all tag fields together, each on two lines',
      ['Surrogate-Key: a', 'Surrogate-Key: b', 'Cache-Tag: c', 'Cache-Tag: d', 'xkey: e', 'xkey: f', 'Cache-Groups: "g"', 'Cache-Groups: "h"'],
      [...['a', 'b', 'c', 'd', 'e', 'f'].map((tag) => `Surrogate-Key: ${tag}`), 'Cache-Groups: "g"', 'Cache-Groups: "h"'],
    ),
  ]),
  ...rowsOf('7.9', [
    {
      name: 'what a client calls tags of its request are nobody’s',
      answers: tagged('Surrogate-Key: a'),
      steps: [
        {
          send: bytesOf('GET /a', ['Surrogate-Key: mine', 'Cache-Tag: mine', 'xkey: mine', 'Cache-Groups: "mine"', 'Surrogate-Version: a=9']),
          expect: { cacheStatus: STORED, sent: NO_TAGS },
        },
        purge('Surrogate-Key: mine'),
        purge('Cache-Groups: "mine"'),
        { send: bytesOf('GET /a'), expect: { cacheStatus: 'hit; ttl=60' } },
        {
          send: bytesOf('POST /b', ['Surrogate-Key-Purge: a', 'Cache-Group-Invalidation: "a"'], 'x'),
          expect: { sent: { 'surrogate-key-purge': undefined, 'cache-group-invalidation': undefined } },
        },
        { send: bytesOf('GET /a'), expect: { cacheStatus: 'hit; ttl=60' } },
      ],
    },
  ]),
];
