// SECURITY §2: every row whole and one byte at a time, for two clients that share the fetch. What is not one verified response is told to both as a failure
// or seen by both to be cut; nothing of it answers the next request, and its connection carries no other.
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Fields, withoutFields } from '../../src/http/fields.ts';
import type { Answer } from '../support/client.ts';
import { Line } from './line.ts';
import { type ResponseRow, type Shown, two } from './response-row.ts';
import { OVERRUN_ROWS, RESPONSE_ROWS } from './response-rows.ts';

/** Written by Freshet itself, and what the rows have in common. */
const OURS: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'cache-status',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
  'via',
]);

const ASK = 'GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n';
const PROBE = two('HTTP/1.1 200 OK').replace(/ok$/, 'no');

/** Rows longer than this are sent in pieces: most of their bytes are alike. */
const BYTE_BY_BYTE = 2000;
const PIECE_BYTES = 256;

async function sendSplit(socket: Socket, bytes: Buffer): Promise<void> {
  const piece = bytes.length > BYTE_BY_BYTE ? PIECE_BYTES : 1;
  for (let at = 0; at < bytes.length && socket.writable; at += piece) {
    socket.write(bytes.subarray(at, at + piece));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

type Send = (socket: Socket, bytes: Buffer) => Promise<void>;

async function play(socket: Socket, { bytes, end }: ResponseRow, send: Send): Promise<void> {
  await send(socket, Buffer.from(bytes, 'latin1'));
  if (end === 'fin') socket.end();
  // Later, since a reset overtakes what has not been read before it.
  else if (end === 'reset') setImmediate(() => setImmediate(() => socket.resetAndDestroy()));
}

function shownIn(answer: Answer | undefined): string | (Required<Omit<Shown, 'informational'>> & { readonly whole: true }) {
  if (answer?.complete !== true) return 'cut';
  if (answer.status === 502) return answer.field('cache-status') ?? '';
  const fields: Fields = withoutFields(answer.fields, OURS);
  return { status: answer.status, body: answer.body, fields, whole: true };
}

function wanted(expected: ResponseRow['expected']): ReturnType<typeof shownIn> {
  if (expected.kind === 'cut') return 'cut';
  if (expected.kind === 'refused') return `freshet; fwd=uri-miss; detail=${expected.reason}`;
  const { informational: _, ...shown } = expected.shown;
  return { status: 200, body: 'ok', fields: [], ...shown, whole: true };
}

async function judge(row: ResponseRow, send: Send): Promise<void> {
  await using line = await Line.start();
  const { origin } = line;
  const together = Promise.withResolvers<void>();
  origin.answering = (_request, socket) => {
    void together.promise.then(() => play(socket, row, send));
    return undefined;
  };
  const asked = [line.ask(ASK)];
  await origin.seen(1);
  asked.push(line.ask(ASK));
  await line.roundTrips();
  expect(origin.requests).toHaveLength(1);
  together.resolve();
  const [leader, follower] = await Promise.all(asked);
  expect([shownIn(leader), shownIn(follower)]).toEqual([wanted(row.expected), wanted(row.expected)]);
  const { kind } = row.expected;
  if ('shown' in row.expected) expect(leader?.informational).toEqual(row.expected.shown.informational ?? []);

  const before = origin.requests.length;
  origin.answering = () => ({ bytes: PROBE });
  const next = await line.ask(ASK);
  const asking = origin.requests.slice(before);
  expect([next?.body, asking.length]).toEqual(kind === 'stored' ? [leader?.body, 0] : ['no', 1]);
  if (kind !== 'stored' && kind !== 'passed') {
    expect(origin.requests.slice(0, before).map(({ connection }) => connection)).not.toContain(asking[0]?.connection);
  }
}

const whole: Send = async (socket, bytes) => void socket.write(bytes);

describe('SECURITY §2, whole', () => {
  it.each([...RESPONSE_ROWS, ...OVERRUN_ROWS])('$row $name', (row) => judge(row, whole));
});

describe('SECURITY §2, byte by byte', () => {
  it.each(RESPONSE_ROWS)('$row $name', (row) => judge(row, sendSplit));
});

it('what is followed by more is stored where store_close_delimited permits it', async () => {
  await using line = await Line.start({ config: 'defaults: { store_close_delimited: true }' });
  line.origin.answering = () => ({ bytes: `${two('HTTP/1.1 200 OK')}more` });
  expect((await line.ask(ASK))?.body).toBe('ok');
  expect((await line.ask(ASK))?.field('cache-status')).toMatch(/^freshet; hit/);
});
