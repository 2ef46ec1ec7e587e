// What nodes write for each other: read only as it was written, where it was written. SECURITY §4, §12.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAxes, decodeBody, encodeAxes, encodeBody, type Place } from '../../src/cluster/shared-body.ts';
import type { StoredResponse } from '../../src/rules/stored-response.ts';

const PLACE: Place = { name: '{freshet:shop}:b:inc:one', key: Buffer.alloc(32, 1) };
const NOW = 1_000_000;

const text = fc.string({ unit: 'binary', maxLength: 20 });
const pair = fc.tuple(fc.string({ minLength: 1, maxLength: 10 }), text);
const responses: fc.Arbitrary<StoredResponse> = fc
  .record({
    status: fc.integer({ min: 200, max: 599 }),
    statusText: text,
    fields: fc.array(pair, { maxLength: 5 }).map((fields) => fields.flat()),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    initialAgeMs: fc.nat(10_000),
    receivedAt: fc.integer({ min: NOW - 10_000, max: NOW }),
    freshUntil: fc.integer({ min: NOW + 1, max: NOW + 100_000 }),
    staleWhileRevalidateMs: fc.nat(1_000),
    staleIfErrorMs: fc.nat(1_000),
    keepMs: fc.nat(1_000),
    alwaysValidate: fc.constant(false),
    neverStale: fc.boolean(),
    axes: fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }),
    axisValues: fc.array(text, { maxLength: 3 }),
    scopeId: text,
    tags: fc.array(text, { maxLength: 3 }),
    tagIds: fc.int32Array({ maxLength: 6 }),
    asOf: fc.nat(),
    order: fc.nat(),
    checkedAt: fc.nat(),
  })
  .chain((response) => fc.option(text, { nil: undefined }).map((language) => (language === undefined ? response : { ...response, language })));

const written = (response: StoredResponse, place = PLACE): Buffer => encodeBody(response, place, { seq: 7, now: NOW, wall: 5 });

describe('a stored response', () => {
  it('comes back as it was, with its age and what is left of its freshness', () => {
    fc.assert(
      fc.property(responses, (response) => {
        const { receivedAt, freshUntil, asOf: _asOf, order: _order, checkedAt: _checkedAt, ...same } = response;
        expect(decodeBody(written(response), PLACE)).toEqual({
          response: { ...same, initialAgeMs: response.initialAgeMs + NOW - receivedAt },
          seq: 7,
          freshMs: freshUntil - NOW,
          wroteAt: 5,
        });
      }),
    );
  });

  it('is nothing elsewhere, under another secret, or with any byte changed, missing or added', () => {
    fc.assert(
      fc.property(responses, fc.nat(), fc.integer({ min: 1, max: 255 }), (response, position, change) => {
        const value = written(response);
        const changed = Buffer.from(value);
        const at = position % value.length;
        changed[at] = (changed[at] as number) ^ change;
        const forgeries = [
          changed,
          value.subarray(0, at),
          Buffer.concat([value, Buffer.from([0])]),
          written(response, { ...PLACE, name: `${PLACE.name}x` }),
        ];
        for (const forgery of forgeries) expect(decodeBody(forgery, PLACE)).toBeUndefined();
        expect(decodeBody(value, { ...PLACE, key: Buffer.alloc(32, 2) })).toBeUndefined();
      }),
    );
  });

  it.each([Buffer.alloc(0), Buffer.alloc(32), Buffer.alloc(35, 255), Buffer.alloc(1000, 255)])('garbage is nothing', (garbage) => {
    expect([decodeBody(garbage, PLACE), decodeAxes(garbage, PLACE)]).toEqual([undefined, undefined]);
  });
});

it('the fields that responses vary on come back, and from nowhere else', () => {
  const value = encodeAxes(['accept', 'x-tenant'], PLACE);
  expect(decodeAxes(value, PLACE)).toEqual(['accept', 'x-tenant']);
  expect(decodeAxes(value, { ...PLACE, name: 'elsewhere' })).toBeUndefined();
});
