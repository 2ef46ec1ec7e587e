import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_EVENT_BYTES, readEvent, readEventText } from '../../src/events/event.ts';

const LEAST = { specversion: '1.0', id: '1', source: '/shop', type: 'order.updated' };

describe('what is an event', () => {
  it.each<{ name: string; json: object; expected: object }>([
    { name: 'the least', json: LEAST, expected: { id: '1', source: '/shop', type: 'order.updated' } },
    {
      name: 'with all attributes',
      json: { ...LEAST, subject: 's', time: '2026-01-31T12:00:00.5+01:00', datacontenttype: 'application/json', dataschema: 'urn:x', data: { a: 1 } },
      expected: { id: '1', source: '/shop', type: 'order.updated', subject: 's', time: Date.UTC(2026, 0, 31, 11, 0, 0, 500), data: { a: 1 } },
    },
    {
      name: 'with extensions',
      json: { ...LEAST, tenant: 'acme', rank: 3 },
      expected: { id: '1', source: '/shop', type: 'order.updated', extensions: { tenant: 'acme', rank: 3 } },
    },
    {
      name: 'with data as bytes of JSON',
      json: { ...LEAST, data_base64: Buffer.from('{"id":7}').toString('base64') },
      expected: { id: '1', source: '/shop', type: 'order.updated', data: { id: 7 } },
    },
    {
      name: 'with bytes that are none',
      json: { ...LEAST, datacontenttype: 'image/png', data_base64: 'AAAA' },
      expected: { id: '1', source: '/shop', type: 'order.updated' },
    },
    { name: 'with data that is no map', json: { ...LEAST, data: [1] }, expected: { id: '1', source: '/shop', type: 'order.updated', data: [1] } },
  ])('$name', ({ json, expected }) => {
    expect(readEvent(json)).toEqual({ kind: 'event', event: expected });
  });
});

describe('what is none', () => {
  it.each<{ name: string; json: unknown; detail: RegExp }>([
    { name: 'a list', json: [LEAST], detail: /JSON object/ },
    { name: 'null', json: null, detail: /JSON object/ },
    { name: 'no version', json: { ...LEAST, specversion: undefined }, detail: /^specversion: found nothing; "1\.0"/ },
    { name: 'version 0.3', json: { ...LEAST, specversion: '0.3' }, detail: /^specversion: found "0\.3"/ },
    { name: 'no id', json: { ...LEAST, id: undefined }, detail: /^id: found nothing/ },
    { name: 'an empty id', json: { ...LEAST, id: '' }, detail: /^id: found ""/ },
    { name: 'a number as id', json: { ...LEAST, id: 7 }, detail: /^id: found 7/ },
    { name: 'a long id', json: { ...LEAST, id: 'x'.repeat(1_025) }, detail: /^id: found "x{79}…/ },
    { name: 'no source', json: { ...LEAST, source: undefined }, detail: /^source:/ },
    { name: 'a source that is no reference', json: { ...LEAST, source: 'a b' }, detail: /no CloudEvent 1\.0: source must match format/ },
    { name: 'no type', json: { ...LEAST, type: null }, detail: /^type: found null/ },
    { name: 'a subject that is no text', json: { ...LEAST, subject: {} }, detail: /^subject: found \{\}/ },
    { name: 'a time that is none', json: { ...LEAST, time: 'yesterday' }, detail: /^time: found "yesterday"/ },
    { name: 'a day that is none', json: { ...LEAST, time: '2026-13-01T00:00:00Z' }, detail: /^time:/ },
    { name: 'an extension in capitals', json: { ...LEAST, tenantId: 'x' }, detail: /invalid extension name: tenantId/ },
    { name: 'an extension named as a method of the package', json: { ...LEAST, validate: 'x' }, detail: /^validate: an extension of this name/ },
    { name: 'data twice', json: { ...LEAST, data: 1, data_base64: 'AAAA' }, detail: /^data and data_base64: one of them/ },
    {
      name: 'a prototype',
      json: JSON.parse('{"specversion":"1.0","id":"1","source":"/s","type":"t","__proto__":{"a":1}}'),
      detail: /invalid extension name/,
    },
  ])('$name', ({ json, detail }) => expect(readEvent(json)).toEqual({ kind: 'malformed', detail: expect.stringMatching(detail) }));

  it('text that is too long or no JSON', () => {
    expect(readEventText('{')).toEqual({ kind: 'malformed', detail: 'The event is not JSON.' });
    const long = JSON.stringify({ ...LEAST, data: 'x'.repeat(MAX_EVENT_BYTES) });
    expect(readEventText(long)).toEqual({ kind: 'malformed', detail: `The event is over ${MAX_EVENT_BYTES} bytes.` });
    const inBytes = JSON.stringify({ ...LEAST, data: '€'.repeat(MAX_EVENT_BYTES / 2) });
    expect(readEventText(inBytes)).toEqual({ kind: 'malformed', detail: `The event is over ${MAX_EVENT_BYTES} bytes.` });
    expect(readEventText(`\ufeff${JSON.stringify(LEAST)}`).kind).toBe('event');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('time', 'data', 'subject', 'id')), fc.anything()), (more) => {
        expect(['event', 'malformed']).toContain(readEvent({ ...LEAST, ...more }).kind);
      }),
    );
  });
});
