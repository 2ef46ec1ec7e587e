// SECURITY §1: every row whole and one byte at a time, through all of Freshet to an origin that keeps the bytes it is sent. What is not one unambiguous
// request is refused and its connection closed, so that the canary behind it is never seen; what is forwarded has one framing of our own.
import { describe, expect, it } from 'vitest';
import { type Fields, fieldValue, withoutFields } from '../../src/http/fields.ts';
import type { RawClient } from '../support/client.ts';
import { Line } from './line.ts';
import { CANARY, chunked, get, type RequestRow, type Seen } from './request-row.ts';
import { REQUEST_ROWS } from './request-rows.ts';
import { named, type WireRequest } from './wire-origin.ts';

/** Written by Freshet itself; wire-origin.ts judges those of the framing and the hop. */
const OURS: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'via',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'cdn-loop',
  'surrogate-capability',
]);

function methodOf(bytes: string): string {
  return /[A-Z]+/.exec(bytes)?.[0] ?? '';
}

/** What a request looked like to the origin, in the words of a row. */
function seenIn({ method, path, fields, framing, body }: WireRequest): Required<Seen> & { readonly method: string } {
  return { method, path, host: fieldValue(fields, 'host') ?? '', body, framing, fields: endToEnd(fields) };
}

function endToEnd(fields: Fields): Fields {
  return withoutFields(fields, OURS);
}

function wanted(bytes: string, seen: Seen): ReturnType<typeof seenIn> {
  return { method: methodOf(bytes), path: '/a', host: 'shop.test', body: '', framing: 'none', fields: [], ...seen };
}

const CANARY_SEEN = wanted(CANARY, { path: '/canary' });

/** Rows longer than this are sent in pieces: most of their bytes are alike. */
const BYTE_BY_BYTE = 2000;
const PIECE_BYTES = 64;

async function sendSplit(client: RawClient, bytes: string): Promise<void> {
  if (bytes.length <= BYTE_BY_BYTE) return client.sendByteByByte(bytes);
  for (let at = 0; at < bytes.length && client.socket.writable; at += PIECE_BYTES) {
    client.send(bytes.slice(at, at + PIECE_BYTES));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

// At once: some refusals linger for a second, since the body behind them has no end.
describe.concurrent.each([
  { how: 'whole', send: async (client: RawClient, bytes: string) => client.send(bytes) },
  { how: 'byte by byte', send: sendSplit },
])('SECURITY §1, $how', ({ send }) => {
  it.each(REQUEST_ROWS)('$row $name', async ({ bytes, expected }: RequestRow) => {
    await using line = await Line.start();
    const { origin } = line;
    await using client = await line.connect();
    const sending = send(client, bytes + CANARY);
    const first = await client.answer(methodOf(bytes));
    const second = await client.answer();
    await sending;
    const closes = second === undefined;
    const seen = origin.requests.map(seenIn).toSorted((a, b) => a.path.localeCompare(b.path));
    expect(origin.faults).toEqual([]);
    switch (expected.kind) {
      case 'refused':
        expect([first?.status, first?.field('connection'), closes]).toEqual([expected.status, 'close', true]);
        expect(first?.field('cache-status')).toBe(`freshet; detail=${expected.reason}`);
        expect(seen).toEqual([]);
        await origin.halvesGone();
        // A request that broke off in its body has ended too.
        expect((await line.metrics('freshet_requests_total')).filter((end) => !end.includes('client-gone'))).toEqual([
          `freshet_requests_total{outcome="error",reason="${expected.reason}"} 1`,
        ]);
        return;
      case 'answered':
        expect([first?.status, first?.field('cache-status')]).toEqual([expected.status, expect.stringMatching(`detail=${expected.reason}$`)]);
        expect(second).toMatchObject({ status: 200, body: 'GET /canary' });
        expect(seen).toEqual([CANARY_SEEN]);
        return;
      case 'served':
        expect(first).toMatchObject({ status: 200, complete: true });
        expect(second).toMatchObject({ status: 200, body: 'GET /canary' });
        expect(seen).toEqual([wanted(bytes, expected.seen), CANARY_SEEN]);
        return;
      case 'last':
        expect([first?.status, first?.complete, first?.field('connection'), closes]).toEqual([200, true, 'close', true]);
        expect(seen).toEqual([wanted(bytes, expected.seen)]);
        return;
    }
  });
});

/** A body whose fault comes when its first chunk is with the origin, and with it, in one packet, what would be the next request. */
const BEGUN = chunked('1\r\na\r\n');
const FAULT = `1\r\nabc\r\n0\r\n\r\n${CANARY}`;
const EARLY = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno';
const HALF = EARLY.slice(0, -1);

describe('a fault in a body that is on its way to the origin', () => {
  it.each([
    { name: 'before the origin answers', early: undefined, first: [400, true] },
    { name: 'behind an answer that came early', early: EARLY, first: [413, true] },
    { name: 'behind the half of an answer that came early', early: HALF, first: [413, false] },
  ])('$name ends its connection, and nothing behind it is a request', async ({ early, first }) => {
    await using line = await Line.start();
    const { origin } = line;
    const begun = Promise.withResolvers<void>();
    origin.hearing = (text, socket) => {
      if (!text.endsWith('\r\n\r\n1\r\na')) return;
      if (early !== undefined) socket.write(early);
      begun.resolve();
    };
    await using client = await line.connect();
    client.send(BEGUN);
    await begun.promise;
    const head = early === undefined ? undefined : await client.head();
    client.send(FAULT);
    const answer = head === undefined ? await client.answer('POST') : { status: head.status, complete: (await client.bytes(2)).length === 2 };
    expect([answer?.status, answer?.complete]).toEqual(first);
    expect(await client.closed()).toMatch(/end|ECONNRESET/);
    await origin.halvesGone();
    await line.roundTrips();
    expect(origin.requests).toEqual([]);
  });

  // node:http tells of no fault behind an Upgrade that it did not take: what is behind it is read by nobody, and the stall timeout ends it.
  it('of a request that offers an upgrade ends its connection as a body that stops does', async () => {
    await using line = await Line.start({ config: 'limits: { stall_timeout: 100ms }' });
    const { origin } = line;
    await using client = await line.connect();
    client.send(chunked(FAULT, 'Connection: upgrade', 'Upgrade: websocket'));
    expect(await client.answer('POST')).toBeUndefined();
    await origin.halvesGone();
    expect(origin.requests).toEqual([]);
    expect(await line.metrics('freshet_limit_reached_total{limit="limits.stall_timeout"}')).toEqual([
      'freshet_limit_reached_total{limit="limits.stall_timeout"} 1',
    ]);
  });

  it('and behind a request that waits for its answer: that is answered, the fault after it, the rest by nobody', async () => {
    await using line = await Line.start();
    const { origin } = line;
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    origin.answering = (request, socket) => {
      void held.promise.then(() => socket.write(named(request).bytes));
      return undefined;
    };
    origin.hearing = (text) => {
      if (text.endsWith('\r\n\r\n1\r\na')) begun.resolve();
    };
    await using client = await line.connect();
    client.send(get() + BEGUN.replace('/a', '/b'));
    await Promise.all([origin.seen(1), begun.promise]);
    client.send(FAULT);
    await origin.halvesGone();
    held.resolve();
    expect([(await client.answer())?.body, (await client.answer())?.status, await client.answer()]).toEqual(['GET /a', 400, undefined]);
    expect(origin.requests.map(({ path }) => path)).toEqual(['/a']);
  });
});
