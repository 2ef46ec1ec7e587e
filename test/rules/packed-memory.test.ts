// How a packed response lies in memory, and that nobody who reads it can tell.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert, constantFrom, int16Array, int32Array, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countOf, idAt, packIds, unpackIds } from '../../src/rules/packed-ids.ts';
import { PackedResponse, unpacked } from '../../src/rules/packed-response.ts';
import type { StoredResponse } from '../../src/rules/stored-response.ts';
import { termsOf } from '../../src/rules/terms.ts';
import { entry } from './builders.ts';

const TEXT_BYTES = 2_048;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('a body', () => {
  it.each([0, 1, TEXT_BYTES, TEXT_BYTES + 1, 100_000])('of %i bytes is what it was, whatever they are', (length) => {
    const body = Buffer.from(Array.from({ length }, (_, i) => i % 256));
    const packed = new PackedResponse(entry({ body }));
    expect(packed.body.equals(body)).toBe(true);
    expect(packed.content).toHaveLength(length);
  });

  it('that is small is text', () => {
    expect(new PackedResponse(entry({ body: Buffer.alloc(TEXT_BYTES) })).content).toBeTypeOf('string');
    expect(new PackedResponse(entry({ body: Buffer.alloc(TEXT_BYTES + 1) })).content).toBeInstanceOf(Buffer);
  });

  it('keeps no larger allocation alive that it was a part of', () => {
    const pool = Buffer.alloc(1_048_576, 'p');
    const packed = new PackedResponse(entry({ body: pool.subarray(10, 10_010) }));
    expect(packed.body.equals(Buffer.alloc(10_000, 'p'))).toBe(true);
    expect(packed.body.buffer.byteLength).toBe(10_000);
    expect(packed.heldBytes).toBeLessThan(11_000);
  });

  it('that is nearly all of its allocation stays in it', () => {
    const body = Buffer.allocUnsafeSlow(10_000);
    expect(new PackedResponse(entry({ body: body.subarray(10) })).body.buffer).toBe(body.buffer);
  });
});

describe('ids of tags', () => {
  it('are the same as text', () => {
    assert(
      property(int32Array(), (ids) => {
        const packed = packIds(ids);
        expect(unpackIds(packed)).toEqual(ids);
        expect(countOf(packed)).toBe(countOf(ids));
        for (let i = 0; i < ids.length; i++) expect(idAt(packed, i)).toBe(idAt(ids, i));
      }),
    );
  });

  it('may be a part of a larger array', () => {
    expect(unpackIds(packIds(Int32Array.of(1, 2, 3, 4).subarray(1, 3)))).toEqual(Int32Array.of(2, 3));
  });
});

describe('what many responses have alike', () => {
  const base = { axes: ['a', 'b'], axisValues: ['1', '2'], language: 'de', part: { first: 0, last: 3, completeBytes: 9 } };

  it('is one object for all of them', () => {
    expect(termsOf(entry(base))).toBe(termsOf(entry({ ...base, receivedAt: 5, body: Buffer.from('other') })));
  });

  it.each<Partial<StoredResponse>>([
    { status: 404 },
    { statusText: 'Other' },
    { part: undefined },
    { part: { first: 0, last: 3, completeBytes: undefined } },
    { staleWhileRevalidateMs: 7 },
    { staleIfErrorMs: 7 },
    { keepMs: 7 },
    { alwaysValidate: true },
    { neverStale: true },
    { axes: [], axisValues: [] },
    { axes: ['a', 'c'] },
    { axisValues: ['1', '3'] },
    { language: undefined },
    { language: '' },
    { scopeId: 'somebody' },
  ])('is another where they differ: %j', (given) => {
    const [one, other] = [entry(base), entry({ ...base, ...given })];
    expect(termsOf(one)).not.toBe(termsOf(other));
    expect(new PackedResponse(other)).toMatchObject(given);
    expect(new PackedResponse(one)).toMatchObject(base);
  });

  it('keeps no head of a request alive of which it has a value', () => {
    const before = heapBytes();
    const kept = Array.from({ length: 500 }, (_, i) => {
      const head = Buffer.from(`a value of number ${i}, ${'padding'.repeat(3_000)}`).toString('latin1');
      return termsOf(entry({ axes: ['a'], axisValues: [head.slice(0, head.indexOf(','))] }));
    });
    expect(heapBytes() - before).toBeLessThan(2_000_000);
    expect(kept.at(-1)?.axisValues).toEqual(['a value of number 499']);
  });

  it('stays with each, however many others there are', () => {
    const [one, other] = [entry({ scopeId: 'one' }), entry({ scopeId: 'other' })].map((each) => new PackedResponse(each));
    for (let i = 0; i < 2_500; i++) termsOf(entry({ scopeId: `${i}` }));
    expect([one?.scopeId, other?.scopeId]).toEqual(['one', 'other']);
  });
});

describe('tags', () => {
  it.each([
    { name: 'that stand among the hidden fields', fields: ['surrogate-key', 'a-long-tag and-another-one'] },
    { name: 'that stand nowhere', fields: ['surrogate-key', 'a-long-tag, and-another-one'] },
  ])('$name come back', ({ fields }) => {
    const tags = ['a-long-tag', 'and-another-one'];
    const packed = new PackedResponse(entry({ fields, tags }), { hides: () => true });
    expect(packed.tags).toEqual(tags);
    packed.shownTo({ hides: () => false });
    expect(packed.tags).toEqual(tags);
  });
});

it('a copy of an unpacked response has all of it', () => {
  assert(
    property(int16Array({ minLength: 1 }), constantFrom(undefined, 'de'), (bytes, language) => {
      const response = entry({
        body: Buffer.from(bytes.buffer),
        tags: ['a'],
        tagIds: Int32Array.of(1, 2),
        ...(language !== undefined && { language }),
      });
      expect({ ...unpacked(new PackedResponse(response)) }).toEqual(response);
      expect(unpacked(response)).toBe(response);
    }),
  );
});
