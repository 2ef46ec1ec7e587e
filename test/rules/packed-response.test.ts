// A stored response says the same packed as unpacked, whatever of it was shown to whom.
import { type Arbitrary, array, assert, constantFrom, property, string, subarray, tuple, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fields, fieldsOf, fieldValue, linesOf, valueIn, withoutFields, withoutLines } from '../../src/http/fields.ts';
import { PackedResponse, type View } from '../../src/rules/packed-response.ts';
import { entry } from './builders.ts';

/** Few enough to stand more than once. */
const NAMES = ['a', 'b-c', 'set-cookie', "!#$%&'*+.^_`|~9"];
const value = string({ unit: constantFrom('a', ' ', '\t', ':', ',', '"', '\xe9', '\xff', '~'), maxLength: 8 }).map((text) =>
  text.replace(/^[ \t]+|[ \t]+$/g, ''),
);
const fields: Arbitrary<Fields> = array(tuple(constantFrom(...NAMES), value), { maxLength: 8 }).map((pairs) => pairs.flat());
const tags = uniqueArray(string({ unit: constantFrom('a', 'b', ':', '+', '-', '\\', '~'), minLength: 1, maxLength: 6 }), { maxLength: 6 });
const view: Arbitrary<View> = subarray(NAMES).map((hidden) => viewWithout(...hidden));

function viewWithout(...hidden: readonly string[]): View {
  return { hides: (name) => hidden.includes(name) };
}

/** By name, each with its values in their order. */
function byName(given: Fields): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (let i = 0; i < given.length; i += 2) values.set(given[i] as string, [...(values.get(given[i] as string) ?? []), given[i + 1] as string]);
  return values;
}

/** Those that `shown` does not hide, in their order. */
function shownOf(given: Fields, shown: View): Fields {
  return given.filter((_, i) => !shown.hides(given[i - (i % 2)] as string));
}

describe('field lines as text', () => {
  it('give the values of the fields that they were made of, and lose the same', () => {
    assert(
      property(fields, subarray(NAMES), (given, lost) => {
        const lines = linesOf(given);
        for (const name of [...NAMES, 'c']) expect(valueIn(lines, name)).toBe(fieldValue(given, name));
        expect(withoutLines(lines, new Set(lost))).toBe(linesOf(withoutFields(given, new Set(lost))));
      }),
    );
  });
});

describe('a packed response', () => {
  it('is all that was packed', () => {
    const response = entry({
      status: 206,
      statusText: 'Part',
      fields: ['etag', '"a"', 'x-a', '', 'x-a', 'b: c'],
      body: Buffer.from('body'),
      part: { first: 0, last: 3, completeBytes: 9 },
      initialAgeMs: 1,
      receivedAt: 2,
      freshUntil: 3,
      staleWhileRevalidateMs: 4,
      staleIfErrorMs: 5,
      keepMs: 6,
      alwaysValidate: true,
      neverStale: true,
      axes: ['accept'],
      axisValues: ['x'],
      language: 'de',
      scopeId: 's',
      tags: ['a', 'b'],
      tagIds: Int32Array.of(1, 2),
      asOf: 7,
      order: 8,
      checkedAt: 9,
    });
    const packed = new PackedResponse(response, viewWithout('etag'));
    expect(['etag', 'x-a', 'x-b', 'tag'].map((name) => packed.value(name))).toEqual(['"a"', ', b: c', undefined, undefined]);
    expect(new PackedResponse(response)).toMatchObject(response);
  });

  it('gives back its fields and its tags, whoever it was shown to', () => {
    assert(
      property(fields, tags, array(view, { maxLength: 4 }), (given, givenTags, views) => {
        const packed = new PackedResponse(entry({ fields: given, tags: givenTags }));
        expect(packed.fields).toEqual(given);
        for (const to of views) {
          packed.shownTo(to);
          expect(packed.tags).toEqual(givenTags);
          expect(packed.fields).toHaveLength(given.length);
          expect(byName(packed.fields)).toEqual(byName(given));
        }
      }),
    );
  });

  it('shows to each what its view does not hide, in the order of the fields, until another view has had it', () => {
    assert(
      property(fields, array(view, { minLength: 1, maxLength: 4 }), (given, views) => {
        const packed = new PackedResponse(entry({ fields: given }));
        for (const to of [...views, ...views]) {
          const shown = packed.shownTo(to);
          expect(byName(fieldsOf(shown))).toEqual(byName(shownOf(given, to)));
          expect(packed.shownTo(to)).toBe(shown);
        }
      }),
    );
  });

  it('shows its first viewer the lines as they are to be sent', () => {
    const packed = new PackedResponse(entry({ fields: ['etag', '"a"', 'surrogate-key', 'k', 'x-a', '', 'caf', '\xe9'] }));
    expect(packed.shownTo(viewWithout('surrogate-key'))).toBe('etag: "a"\r\nx-a: \r\ncaf: \xe9\r\n');
  });

  it('asks a view once for each field', () => {
    const asked: string[] = [];
    const packed = new PackedResponse(entry({ fields: ['a', '1', 'b', '2'] }));
    const to: View = { hides: (name) => asked.push(name) > 1 };
    expect([packed.shownTo(to), packed.shownTo(to), asked]).toEqual(['a: 1\r\n', 'a: 1\r\n', ['a', 'b']]);
  });
});

it('fields come back from their lines', () => {
  assert(
    property(fields, (given) => {
      expect(fieldsOf(linesOf(given))).toEqual(given);
    }),
  );
});
