import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CloudEvent, HTTP } from 'cloudevents';
import type { Event } from '../../src/events/event.ts';
import { eventsIn, MOST_EVENTS } from '../../src/events/request-events.ts';

const EVENT = { specversion: '1.0', id: '1', source: '/shop', type: 'order.updated', data: { id: 7 } };
const READ: Event = { id: '1', source: '/shop', type: 'order.updated', data: { id: 7 } };
const BINARY = ['ce-specversion', '1.0', 'ce-id', '1', 'ce-source', '/shop', 'ce-type', 'order.updated', 'content-type', 'application/json'];

describe('the events of a request', () => {
  it.each<{ name: string; fields: readonly string[]; body: string; events: readonly unknown[] }>([
    { name: 'structured', fields: ['content-type', 'application/cloudevents+json'], body: JSON.stringify(EVENT), events: [READ] },
    {
      name: 'structured, with a charset, in capitals',
      fields: ['content-type', 'Application/CloudEvents+JSON; charset=UTF-8'],
      body: JSON.stringify(EVENT),
      events: [READ],
    },
    {
      name: 'structured, whatever fields say',
      fields: ['content-type', 'application/cloudevents+json', 'ce-id', '2'],
      body: JSON.stringify(EVENT),
      events: [READ],
    },
    { name: 'plain JSON', fields: ['content-type', 'application/json'], body: JSON.stringify(EVENT), events: [READ] },
    { name: 'plain JSON, several', fields: ['content-type', 'application/json'], body: JSON.stringify([EVENT, EVENT]), events: [READ, READ] },
    { name: 'binary', fields: BINARY, body: '{"id":7}', events: [READ] },
    {
      name: 'binary, of a JSON of its own',
      fields: [...BINARY.slice(0, 8), 'content-type', 'application/vnd.shop+json;v=1'],
      body: '{"id":7}',
      events: [READ],
    },
    { name: 'binary, without data', fields: BINARY, body: '', events: [{ ...READ, data: undefined }] },
    {
      name: 'binary, with data that is no JSON',
      fields: [...BINARY.slice(0, 8), 'content-type', 'text/plain'],
      body: 'x',
      events: [{ ...READ, data: undefined }],
    },
    {
      name: 'binary, with encoded and quoted attributes',
      fields: [...BINARY, 'ce-subject', 'caf%C3%A9 %22x%22', 'ce-tenant', '"a\\"b"', 'ce-time', '2026-01-31T12:00:00Z'],
      body: '{"id":7}',
      events: [{ ...READ, subject: 'café "x"', extensions: { tenant: 'a"b' }, time: Date.UTC(2026, 0, 31, 12) }],
    },
    { name: 'binary, whose fields are no data', fields: [...BINARY, 'ce-data', 'x', 'ce-data_base64', 'eA=='], body: '{"id":7}', events: [READ] },
    {
      name: 'a batch',
      fields: ['content-type', 'application/cloudevents-batch+json'],
      body: JSON.stringify([EVENT, { ...EVENT, id: '2' }]),
      events: [READ, { ...READ, id: '2' }],
    },
    { name: 'an empty batch', fields: ['content-type', 'application/cloudevents-batch+json'], body: '[]', events: [] },
  ])('$name', ({ fields, body, events }) => {
    expect(eventsIn({ fields, body })).toEqual({ kind: 'events', events: events.map((event) => ({ kind: 'event', event })) });
  });

  it('of a batch each by itself', () => {
    const { id: _, ...nameless } = EVENT;
    const body = JSON.stringify([nameless, EVENT, 7, { ...EVENT, time: 'soon' }]);
    expect(eventsIn({ fields: ['content-type', 'application/cloudevents-batch+json'], body })).toEqual({
      kind: 'events',
      events: [
        { kind: 'malformed', detail: expect.stringMatching(/^id: found nothing/) },
        { kind: 'event', event: READ },
        { kind: 'malformed', detail: expect.stringMatching(/JSON object/) },
        { kind: 'malformed', detail: expect.stringMatching(/^time: found "soon"/) },
      ],
    });
  });

  it('as the package writes them', () => {
    const event = new CloudEvent({ ...EVENT, time: '2026-01-31T12:00:00.000Z', subject: 's', tenant: 'acme' });
    for (const { headers, body } of [HTTP.binary(event), HTTP.structured(event)]) {
      const fields = Object.entries(headers).flatMap(([name, value]) => [name, String(value)]);
      const expected = { ...READ, subject: 's', time: Date.UTC(2026, 0, 31, 12), extensions: { tenant: 'acme' } };
      expect(eventsIn({ fields, body: String(body) })).toEqual({ kind: 'events', events: [{ kind: 'event', event: expected }] });
    }
  });
});

describe('no events', () => {
  it.each<{ name: string; fields: readonly string[]; body: string; detail: RegExp; kind?: string }>([
    { name: 'nothing', fields: [], body: '', detail: /^There is no event/ },
    { name: 'JSON under another name', fields: ['content-type', 'text/plain'], body: JSON.stringify(EVENT), detail: /^There is no event/ },
    {
      name: 'two types',
      fields: ['content-type', 'application/json', 'content-type', 'application/json'],
      body: JSON.stringify(EVENT),
      detail: /^There is no event/,
    },
    { name: 'no JSON', fields: ['content-type', 'application/cloudevents+json'], body: '{', detail: /not JSON/ },
    {
      name: 'another format',
      fields: ['content-type', 'application/cloudevents+avro'],
      body: 'x',
      detail: /^content-type: found application\/cloudevents\+avro/,
    },
    { name: 'a batch that is no list', fields: ['content-type', 'application/cloudevents-batch+json'], body: '{}', detail: /JSON array/ },
    {
      name: 'a batch that is too long',
      fields: ['content-type', 'application/cloudevents-batch+json'],
      body: JSON.stringify(Array.from({ length: MOST_EVENTS + 1 }, () => EVENT)),
      detail: /^There are 257/,
      kind: 'too-large',
    },
    {
      name: 'an event that is too long',
      fields: ['content-type', 'application/cloudevents+json'],
      body: JSON.stringify({ ...EVENT, data: 'x'.repeat(65_536) }),
      detail: /is over 65536/,
    },
    { name: 'binary without an id', fields: BINARY.toSpliced(2, 2), body: '{}', detail: /^id: found nothing/ },
    { name: 'binary, of JSON that is none', fields: BINARY, body: '{', detail: /^The data is not JSON/ },
    { name: 'binary, with an id twice', fields: [...BINARY, 'ce-id', '2'], body: '{}', detail: /^ce-id stands there more than once/ },
    { name: 'binary, with a broken encoding', fields: [...BINARY, 'ce-subject', '%zz'], body: '{}', detail: /^ce-subject has a %/ },
    { name: 'binary 0.3', fields: BINARY.with(1, '0.3'), body: '{}', detail: /^specversion: found "0\.3"/ },
  ])('$name', ({ fields, body, detail, kind = 'malformed' }) => {
    expect(eventsIn({ fields, body })).toEqual({ kind, detail: expect.stringMatching(detail) });
  });

  it('never throws', () => {
    const name = fc.oneof(fc.constantFrom('content-type', 'ce-id', 'ce-time', 'ce-__proto__', 'ce-data'), fc.string());
    const value = fc.oneof(
      fc.constantFrom('application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json', '1.0'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), fc.oneof(fc.string(), fc.json()), (pairs, body) => {
        expect(['events', 'malformed', 'too-large']).toContain(eventsIn({ fields: pairs.flat(), body }).kind);
      }),
      { numRuns: 500 },
    );
  });
});
