// SECURITY §5 "JWT": a token's JSON reads as any parser reads it, or not at all; a member that is said twice is seen wherever it stands.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictObject } from '../../src/identity/strict-json.ts';
import { MAX_TOKEN_BYTES, readToken } from '../../src/identity/token.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { headers, json, tokens } = corpus('tokens', ['headers', 'json', 'tokens']);

/** What JSON.parse makes of an object that says no member twice: every colon outside strings is a member that is still there. */
function expected(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const colons = text.replaceAll(/"(?:[^"\\]|\\[^])*"/g, '').split(':').length - 1;
  return typeof value === 'object' && value !== null && !Array.isArray(value) && members(value) === colons ? value : undefined;
}

function members(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value).reduce((sum: number, member) => sum + members(member), 0);
  return Array.isArray(value) ? inside : inside + Object.keys(value).length;
}

/** Some JSON, and whether an object in it has a member twice. */
interface Made {
  readonly text: string;
  readonly repeats: boolean;
}

const NAMES = ['a', 'b', '', '__proto__', 'é', '"', '\\', '\ud83d\ude00', ':', '{'];
const blank = fc.constantFrom('', ' ', '\n\t');

/** One of the ways to write a string. */
function spelt(text: string): fc.Arbitrary<string> {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, '0'));
  return fc.constantFrom(
    JSON.stringify(text),
    `"${units.map((unit) => `\\u${unit}`).join('')}"`,
    `"${units.map((unit) => `\\u${unit.toUpperCase()}`).join('')}"`,
  );
}

const { value: made } = fc.letrec<{ value: Made; object: Made; array: Made }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar(), tie('object'), tie('array')),
  object: fc
    .array(
      fc.tuple(
        fc.constantFrom(...NAMES).chain((name) => fc.tuple(fc.constant(name), spelt(name))),
        blank,
        tie('value'),
      ),
      { maxLength: 4 },
    )
    .map((list) => ({
      text: `{${list.map(([[, name], space, { text }]) => `${space}${name}${space}:${space}${text}`).join(',')}}`,
      repeats: new Set(list.map(([[name]]) => name)).size < list.length || list.some(([, , { repeats }]) => repeats),
    })),
  array: fc
    .array(tie('value'), { maxLength: 3 })
    .map((list) => ({ text: `[${list.map(({ text }) => text).join(' , ')}]`, repeats: list.some(({ repeats }) => repeats) })),
}));

function scalar(): fc.Arbitrary<Made> {
  return fc
    .oneof(fc.constantFrom('1', '-0.5e3', 'true', 'null', '"a"', '"{\\"a\\":1,\\"a\\":2}"', '"\\\\"'), fc.json({ maxDepth: 0 }))
    .map((text) => ({ text, repeats: false }));
}

describe('the JSON of a token', () => {
  it('of the corpus and with edits is what JSON.parse says, or nothing where something is said twice', () => {
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...json), mutated(json)), (text) => {
        const read = parseStrictObject(text);
        expect(read).toEqual(expected(text));
        seen.add(read === undefined);
      }),
      RUNS,
    );
    expect(seen.size).toBe(2);
  });

  it('a member that is said twice is seen, however deep it stands and however it is spelt', () => {
    const seen = { once: 0, twice: 0 };
    fc.assert(
      fc.property(made, ({ text, repeats }) => {
        const whole = `{"claim":${text}}`;
        expect(parseStrictObject(whole)).toEqual(repeats ? undefined : JSON.parse(whole));
        seen[repeats ? 'twice' : 'once']++;
      }),
      RUNS,
    );
    expect(Math.min(seen.once, seen.twice)).toBeGreaterThan(300);
  });
});

const part = (texts: readonly string[]) =>
  fc.oneof(mutated(texts), { arbitrary: fc.constantFrom(...texts), weight: 2 }).map((text) => Buffer.from(text).toString('base64url'));

describe('tokens', () => {
  it('what is read is what its parts say, written in the one way', () => {
    const signature = fc.constantFrom('c2ln', 'c2k', 'c3', 'c2k=');
    const built = fc.tuple(part(headers), part(json), signature).map((parts) => parts.join('.'));
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(mutated(tokens), { arbitrary: built, weight: 4 }), (text) => {
        const token = readToken(text);
        if (token === undefined) return;
        read++;
        expect(text.length).toBeLessThanOrEqual(MAX_TOKEN_BYTES);
        const parts = text.split('.').map((encoded) => Buffer.from(encoded, 'base64url'));
        expect(parts.map((bytes) => bytes.toString('base64url')).join('.')).toBe(text);
        const [header, claims] = parts.map((bytes) => expected(bytes.toString()));
        expect(token.claims).toEqual(claims);
        expect(header).toMatchObject(token.header);
        for (const name of ['crit', 'b64', 'enc', 'cty']) expect(header).not.toHaveProperty(name);
      }),
      RUNS,
    );
    expect(read).toBeGreaterThan(50);
  });
});
