// SECURITY §9 "Hop-by-hop": what Connection lists ends here; but it takes away nothing that routes, frames, authorises, selects or says what is stored: that is refused.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fields, hasField } from '../../src/http/fields.ts';
import { hopByHop } from '../../src/http/hop-by-hop.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { connection } = corpus('connection', ['connection']);

/** What a message may hold beside Connection, of every kind. */
const OF_THIS_HOP = ['keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-authenticate', 'proxy-authorization'];
const LISTABLE = ['x-one', 'x-two', 'accept', 'user-agent'];
const MUST_STAY = [
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'auth-scope',
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'origin',
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'content-location',
  'location',
  'www-authenticate',
  'cache-control',
  'cache-tag',
  'cache-groups',
  'cdn-cache-control',
  'cdn-loop',
  'surrogate-key',
  'surrogate-control',
  'freshet-debug',
  'xkey',
  'pragma',
  'expires',
  'age',
  'date',
  'etag',
  'last-modified',
  'vary',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
];

const line = fc.oneof(
  { arbitrary: fc.oneof(fc.constantFrom(...connection), mutated(connection)).map((value) => ['connection', value]), weight: 2 },
  { arbitrary: fc.tuple(fc.constantFrom(...OF_THIS_HOP, ...LISTABLE, ...MUST_STAY), fc.constantFrom('1', '2')), weight: 5 },
);
const message: fc.Arbitrary<Fields> = fc.array(line, { maxLength: 8 }).map((lines) => lines.flat());

/** The options of a Connection, as a reader who knows of no quotes takes them. */
function options(fields: Fields): Set<string> {
  const values = fields.filter((_, i) => i % 2 === 1 && fields[i - 1] === 'connection');
  return new Set(values.flatMap((value) => value.split(',')).map((option) => option.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase()));
}

function linesOf(fields: Fields, names: readonly string[]): string[] {
  return fields.flatMap((name, i) => (i % 2 === 0 && names.includes(name) ? [`${name}: ${fields[i + 1]}`] : []));
}

describe('Connection', () => {
  it('is obeyed but for what must reach the recipient', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(message, (fields) => {
        const read = hopByHop(fields);
        const listed = options(fields);
        const isPlain = ![...listed].some((option) => option.includes('"'));
        seen.add(read.kind);
        if (isPlain) expect(read.kind === 'nominates').toBe(MUST_STAY.some((name) => listed.has(name)) || [...listed].some(beginsLikeThem));
        if (read.kind === 'nominates') {
          expect(MUST_STAY.includes(read.name) || beginsLikeThem(read.name)).toBe(true);
          return;
        }
        expect(linesOf(read.fields, MUST_STAY)).toEqual(linesOf(fields, MUST_STAY));
        for (const name of ['connection', ...OF_THIS_HOP]) expect(hasField(read.fields, name)).toBe(false);
        const others = LISTABLE.filter((name) => !listed.has(name));
        expect(linesOf(read.fields, others)).toEqual(linesOf(fields, others));
        if (isPlain) for (const name of listed) expect(hasField(read.fields, name)).toBe(false);
      }),
      RUNS,
    );
    expect(seen.size).toBe(2);
  });

  it('what is end-to-end stays so at the next hop', () => {
    fc.assert(
      fc.property(message, (fields) => {
        const read = hopByHop(fields);
        if (read.kind === 'ok') expect(hopByHop(read.fields)).toEqual(read);
      }),
      RUNS,
    );
  });
});

/** Families of fields, those to come among them. */
function beginsLikeThem(name: string): boolean {
  return /^(?:x-forwarded-|surrogate-|freshet-|cache-|cdn-|content-|if-)/.test(name);
}
