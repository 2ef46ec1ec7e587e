// SECURITY §5, third row: two tokens are of one scope exactly where issuer, names and typed values are the same; lists are sets. What selects nobody is refused.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readClaims } from '../../src/identity/claims.ts';
import { isJsonObject, type JsonObject } from '../../src/identity/strict-json.ts';
import { claimsScope } from '../../src/proxy/scope.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { issuers, names, tokens } = corpus('claims', ['issuers', 'names', 'tokens']);
const SECRET = Buffer.alloc(32, 7);

interface Told {
  readonly issuer: string;
  readonly names: readonly string[];
  readonly token: JsonObject;
}

function parsed(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Of two texts the members of both, the second's where both have one. */
const token = fc.tuple(fc.oneof(fc.constantFrom(...tokens), mutated(tokens)), fc.constantFrom(...tokens)).map(([one, other]) => {
  const members = new Map([...Object.entries(parsed(other)), ...Object.entries(parsed(one))]);
  // Not by assignment: a claim may be named __proto__.
  return Object.fromEntries(members);
});
const told: fc.Arbitrary<Told> = fc.record({
  issuer: fc.constantFrom(...issuers),
  names: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
  token,
});

/** The same, said in another way: a list for each name. Undefined where one of them selects nobody. */
function meaning(given: Told): string | undefined {
  const values = given.names.map((name) => typed(found(given.token, name)));
  return values.includes(undefined) ? undefined : JSON.stringify([given.issuer, given.names, values]);
}

function found(value: unknown, name: string): unknown {
  const [first = '', ...rest] = name.includes(':') ? [name] : name.split('.');
  if (!isJsonObject(value) || !Object.keys(value).includes(first)) return undefined;
  const inner = Object.entries(value).find(([key]) => key === first)?.[1];
  return rest.length === 0 ? inner : found(inner, rest.join('.'));
}

const tupleOf = (list: readonly unknown[]): unknown => readClaims('i', { a: list }, ['a']);

function typed(value: unknown): string | undefined {
  if (value === undefined) return 'missing';
  if (!Array.isArray(value)) return value === null ? 'null' : typedScalar(value);
  const members = value.map(typedScalar);
  return members.includes(undefined) ? undefined : JSON.stringify([...new Set(members)].toSorted((a = '', b = '') => (a < b ? -1 : 1)));
}

function typedScalar(value: unknown): string | undefined {
  if (typeof value === 'string') return Buffer.from(value).toString() === value ? JSON.stringify(value) : undefined;
  if (typeof value === 'number') return Math.trunc(value) === value && Math.abs(value) < 2 ** 53 ? JSON.stringify(value) : undefined;
  return typeof value === 'boolean' ? JSON.stringify(value) : undefined;
}

describe('scopes of claims', () => {
  it('are the same exactly where issuer, names and values are', () => {
    const known = new Map<string, string>();
    let met = 0;
    fc.assert(
      fc.property(told, (given) => {
        const said = meaning(given);
        const claims = readClaims(given.issuer, given.token, given.names);
        expect(claims.kind).toBe(said === undefined ? 'unusable' : 'claims');
        if (claims.kind === 'unusable' || said === undefined) return;
        const { id } = claimsScope(claims, SECRET);
        if (known.has(`id ${id}`)) met++;
        // Against everything that any run before this one made.
        expect(known.get(`id ${id}`) ?? said).toBe(said);
        expect(known.get(`said ${said}`) ?? id).toBe(id);
        known.set(`id ${id}`, said).set(`said ${said}`, id);
      }),
      RUNS,
    );
    expect(met).toBeGreaterThan(300);
    expect(known.size).toBeGreaterThan(500);
  });

  it('the order of a list and its repetitions say nothing', () => {
    const scalar = fc.oneof(fc.constantFrom('a', 'b', '1', 'true', ''), fc.integer({ min: -2, max: 2 }), fc.boolean());
    const lists = fc
      .array(scalar, { maxLength: 5 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })));
    fc.assert(
      fc.property(lists, ([list, again]) => {
        expect(tupleOf(again)).toMatchObject({ tuple: (tupleOf(list) as { tuple: string }).tuple });
      }),
      RUNS,
    );
  });
});
