// What entries of the stream and rows of the outbox say, as tables.
import { describe, expect, it } from 'vitest';
import { readOutboxRow } from '../../src/events/outbox-row.ts';
import type { OutboxRow } from '../../src/events/outbox-table.ts';
import { readStreamEntry } from '../../src/events/stream-entry.ts';

const AT = { source: 'redis:s', id: 'own' };
const ID = '1700000000000-0';

describe('an entry of the stream', () => {
  it.each([
    [
      'tags by spaces',
      ['tags', ' a  b '],
      { id: 'own', source: 'redis:s', time: 1_700_000_000_000, type: 'freshet.purge', data: { tags: ['a', 'b'] } },
    ],
    ['tags as JSON', ['tags', '["a","ü"]'], { type: 'freshet.purge', data: { tags: ['a', 'ü'] } }],
    ['its own id and subject', ['id', 'i', 'subject', 's', 'tags', 'a'], { id: 'i', subject: 's' }],
    ['an id that is empty, which is none', ['id', '', 'tags', 'a'], { id: 'own' }],
    ['a type', ['type', 'order.updated', 'subject', '42', 'data', '{"id":42}'], { type: 'order.updated', subject: '42', data: { id: 42 } }],
    ['a CloudEvent', ['event', '{"specversion":"1.0","id":"1","source":"/s","type":"t"}'], { id: '1', source: '/s', type: 't' }],
  ])('%s', (_, fields, event) => {
    expect(readStreamEntry({ id: ID, fields }, AT)).toMatchObject({ kind: 'event', event });
  });

  it.each([
    ['nothing that is known', ['a', 'b'], /neither event, tags nor type; it has a$/],
    ['no fields', [], /it has no fields/],
    ['tags that begin as a list', ['tags', '[a'], /tags: they begin as a JSON list/],
    ['an event and tags', ['event', '{}', 'tags', 'a'], /^the entry has event and tags; one of them is allowed/],
    ['tags and a type', ['tags', 'a', 'type', 't'], /^the entry has tags and type;/],
    ['data that is no JSON', ['type', 't', 'data', '{'], /data: it is not JSON/],
    ['an event that is none', ['event', '{}'], /specversion/],
    ['a long type', ['type', 'x'.repeat(1_025)], /^type: it has 1025 characters; 1024 are allowed/],
    ['a long subject', ['type', 'x', 'subject', 'x'.repeat(1_025)], /^subject: it has 1025/],
    ['a long id', ['id', 'x'.repeat(1_025), 'tags', 'a'], /^id: it has 1025/],
    ['too much', ['tags', 'x'.repeat(70_000)], /70004 bytes; 65536 are allowed/],
  ])('with %s is malformed', (_, fields, detail) => {
    expect(readStreamEntry({ id: ID, fields }, AT)).toEqual({ kind: 'malformed', detail: expect.stringMatching(detail) });
  });

  it('has no time where its id was given by hand', () => {
    expect(readStreamEntry({ id: '7-1', fields: ['tags', 'a'] }, AT)).not.toHaveProperty('event.time');
  });
});

const ROW: OutboxRow = { id: '5', at: '1700000000000500', bytes: 10, tags: null, type: null, subject: null, data: null };
const NAME = { schema: 'public', table: 'outbox' };

describe('a row of the outbox', () => {
  it('with tags names them, and is told from a row of that number in another table', () => {
    expect(readOutboxRow({ ...ROW, tags: ['a', 'b'] }, NAME)).toEqual({
      kind: 'event',
      event: {
        id: '5@1700000000000500',
        source: 'postgres:public.outbox',
        time: 1_700_000_000_000.5,
        type: 'freshet.purge',
        data: { tags: ['a', 'b'] },
      },
    });
  });

  it('with a type is an event', () => {
    const read = readOutboxRow({ ...ROW, type: 'order.updated', subject: '42', data: '{"id": 42}' }, NAME);
    expect(read).toMatchObject({ kind: 'event', event: { type: 'order.updated', subject: '42', data: { id: 42 } } });
  });

  it.each([
    ['neither', ROW, /neither tags nor a type/],
    ['both', { ...ROW, tags: ['a'], type: 't' }, /tags and a type/],
    ['a long type', { ...ROW, type: 'x'.repeat(1_025) }, /^type: it has 1025 characters/],
    ['a long subject', { ...ROW, type: 'x', subject: 'x'.repeat(1_025) }, /^subject: it has 1025/],
    ['too much', { ...ROW, bytes: 65_537 }, /65537 bytes; 65536 are allowed/],
  ])('with %s is malformed', (_, row, detail) => {
    expect(readOutboxRow(row, NAME)).toEqual({ kind: 'malformed', detail: expect.stringMatching(detail) });
  });
});
