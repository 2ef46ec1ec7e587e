import { describe, expect, it } from 'vitest';
import { EventEndpoint } from '../../src/events/endpoint.ts';
import type { Event } from '../../src/events/event.ts';
import type { Taken } from '../../src/events/intake.ts';
import type { SignatureSettings } from '../../src/events/signature.ts';
import { event } from './event.ts';
import { OTHER_SECRET, SECRET, signedFields } from './signed.ts';

const PURGED: Taken = {
  kind: 'purged',
  by: ['events.rules[0] (a)'],
  receipt: { id: '9f3c.1', authority: 'process', mode: 'hard', tags: 1, urls: 0, waitedMs: 0.5 },
};
const REJECTED: Taken = { kind: 'rejected', faults: [{ rule: 'r', field: 'id', detail: 'r: id is missing, in order:{id}' }] };
const FAILED: Taken = { kind: 'failed', why: 'unknown' };
const NOW = 1_700_000_000_000;

/** An endpoint behind which each event ends as its id says. */
function bench(ends: Readonly<Record<string, Taken>> = {}, signed?: SignatureSettings) {
  const lines: string[] = [];
  const taken: Event[] = [];
  const endpoint = new EventEndpoint({
    webhook: {
      take: (one) => {
        taken.push(one);
        return Promise.resolve(ends[one.id] ?? PURGED);
      },
      malformed: (why) => lines.push(`malformed: ${why}`),
    },
    signed: () => signed,
    now: () => NOW,
    refused: ({ title }) => lines.push(title),
  });
  const send = async (body: string, fields: readonly string[] = []) => {
    const answer = await endpoint.answer({ fields: ['content-type', 'application/json', ...fields], body, actor: '127.0.0.1' });
    return { ...answer, json: JSON.parse(answer.body) as Record<string, unknown> };
  };
  return { endpoint, send, lines, taken };
}

const text = (...ids: readonly unknown[]): string => JSON.stringify(ids.map((id) => ({ ...event(), specversion: '1.0', id })));

describe('what events are answered', () => {
  it.each<{ name: string; ids: readonly unknown[]; status: number; results: readonly unknown[] }>([
    { name: 'all purged', ids: ['a', 'b'], status: 200, results: ['purged', 'purged'] },
    { name: 'nothing to do', ids: ['unmatched', 'duplicate'], status: 200, results: ['unmatched', 'duplicate'] },
    { name: 'none', ids: [], status: 200, results: [] },
    { name: 'one rejected: again is of no use', ids: ['a', 'rejected'], status: 422, results: ['purged', 'rejected'] },
    { name: 'one malformed: again is of no use', ids: ['a', 7], status: 422, results: ['purged', 'malformed'] },
    { name: 'one failed: again is', ids: ['a', 'failed', 'rejected', 7], status: 503, results: ['purged', 'failed', 'rejected', 'malformed'] },
  ])('$name: $status', async ({ ids, status, results }) => {
    const { send } = bench({ rejected: REJECTED, failed: FAILED, unmatched: { kind: 'unmatched' }, duplicate: { kind: 'duplicate' } });
    const answer = await send(text(...ids));
    expect(answer.status).toBe(status);
    expect((answer.json['results'] as readonly { result: string }[]).map(({ result }) => result)).toEqual(results);
  });

  it('each in full', async () => {
    const { send, lines } = bench({ rejected: REJECTED, failed: FAILED });
    const answer = await send(text('a', 'rejected', 'failed'));
    expect(answer.json).toEqual({
      type: 'urn:problem-type:freshet:event-unconfirmed',
      title: 'A purge is not confirmed',
      status: 503,
      detail: '1 of 3 events are not confirmed: their purges may have happened or not. Sending the same again is safe.',
      state: 'unknown',
      retry: 'safe',
      results: [
        {
          id: 'a',
          source: '/shop',
          result: 'purged',
          purge: { id: '9f3c.1', authority: 'process', mode: 'hard', tags: 1, urls: 0, waited_ms: 0.5 },
          rules: ['events.rules[0] (a)'],
        },
        { id: 'rejected', source: '/shop', result: 'rejected', faults: [{ rule: 'r', field: 'id', detail: 'r: id is missing, in order:{id}' }] },
        { id: 'failed', source: '/shop', result: 'failed', why: 'unknown' },
      ],
    });
    expect(answer.fields).toEqual(expect.arrayContaining(['retry-after', '1', 'cache-control', 'no-store']));
    expect(lines).toEqual(['A purge is not confirmed']);
  });

  it('422 says why', async () => {
    const { send } = bench({ rejected: REJECTED });
    expect((await send(text('rejected'))).json).toMatchObject({
      type: 'urn:problem-type:freshet:event-unprocessable',
      detail: 'r: id is missing, in order:{id}.',
    });
  });

  it.each([
    ['no event', 'x', 400],
    ['a lone event that is none', '{"id":"1"}', 400],
    ['too many', text(...Array.from({ length: 257 }, (_, i) => `${i}`)), 413],
  ])('%s: nothing is taken', async (_, body, status) => {
    const { send, taken, lines } = bench();
    expect((await send(body)).status).toBe(status);
    expect(taken).toEqual([]);
    expect(lines).toHaveLength(2);
  });
});

describe('where events must be signed', () => {
  const signed = { secret: [OTHER_SECRET, SECRET], toleranceMs: 300_000 };

  it('a good signature is enough', async () => {
    const { send, endpoint } = bench({}, signed);
    expect(endpoint.isSigned).toBe(true);
    expect((await send(text('a'), signedFields(text('a'), { at: NOW }))).status).toBe(200);
  });

  it.each<{ name: string; fields: readonly string[] }>([
    { name: 'no signature', fields: [] },
    { name: 'a token', fields: ['authorization', 'Bearer secret'] },
    { name: 'another body', fields: signedFields(text('b'), { at: NOW }) },
    { name: 'another secret', fields: signedFields(text('a'), { at: NOW, secret: `whsec_${Buffer.alloc(24).toString('base64')}` }) },
    { name: 'another time', fields: signedFields(text('a'), { at: NOW - 301_000 }) },
  ])('$name is not: nothing is taken', async ({ fields }) => {
    const { send, taken, lines } = bench({}, signed);
    const answer = await send(text('a'), fields);
    expect(answer.status).toBe(401);
    expect(answer.fields).toContain('www-authenticate');
    expect(taken).toEqual([]);
    expect(lines).toEqual(['The signature is not good']);
  });

  it.each([
    ['an event', text('a').slice(1, -1)],
    ['a batch', text('a')],
  ])('%s that was signed becomes no other by fields, which are not', async (_, body) => {
    const { endpoint, taken } = bench({}, signed);
    const fields = ['ce-specversion', '1.0', 'ce-id', '2', 'ce-source', '/x', 'ce-type', 'other', ...signedFields(body, { at: NOW })];
    for (const type of ['application/json', 'text/plain'])
      expect((await endpoint.answer({ fields: [...fields, 'content-type', type], body, actor: '' })).status).toBe(400);
    expect(taken).toEqual([]);
    const data = '{"id":7}';
    const binary = [...fields.slice(0, 8), ...signedFields(data, { at: NOW }), 'content-type', 'application/json'];
    expect((await endpoint.answer({ fields: binary, body: data, actor: '' })).status).toBe(200);
  });
});
