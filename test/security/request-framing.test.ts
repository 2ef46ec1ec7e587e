// SECURITY §1: every row whole and one byte at a time, through all of Freshet to an origin that keeps the bytes it is sent. What is not one unambiguous
// request is refused and its connection closed, so that the canary behind it is never seen; what is forwarded has one framing of our own.
import { describe, expect, it } from 'vitest';
import { type Fields, fieldValue, withoutFields } from '../../src/http/fields.ts';
import type { RawClient } from '../support/client.ts';
import { Line } from './line.ts';
import { CANARY, type RequestRow, type Seen } from './request-row.ts';
import { REQUEST_ROWS } from './request-rows.ts';
import type { WireRequest } from './wire-origin.ts';

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
