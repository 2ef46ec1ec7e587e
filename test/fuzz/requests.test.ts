// SECURITY §1, §14: request bytes with edits, whole and one byte at a time, against the real listener: the same answers either way, never two for one
// request, nothing behind a refusal, and a listener that goes on.
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Listening } from '../proxy/listening.ts';
import { get } from '../support/client.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const requests = corpus('requests', ['texts']).texts;
const PIECES = [Number.MAX_SAFE_INTEGER, 1];

interface Outcome {
  /** Of final answers, in order. */
  readonly statuses: readonly number[];
  /** Start lines of what the handler was given. */
  readonly handled: readonly string[];
}

async function outcomeOf(listening: Listening, bytes: Buffer, pieceBytes: number): Promise<Outcome> {
  const before = listening.seen.length;
  const socket = connect({ ...listening.address, noDelay: true });
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(Buffer.from(chunk))).on('error', () => undefined);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  for (let at = 0; at < bytes.length && socket.writable; at += pieceBytes) {
    socket.write(bytes.subarray(at, at + pieceBytes));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  await closed;
  const handled = listening.seen.slice(before).map(({ method, target }) => `${method} ${target.path}${target.query}`);
  return { statuses: statusesIn(Buffer.concat(received).toString('latin1'), handled), handled };
}

/** Every answer of this listener has a Content-Length, and no body where the request was a HEAD. */
function statusesIn(text: string, handled: readonly string[]): number[] {
  const statuses: number[] = [];
  for (let rest = text; rest !== ''; ) {
    const head = /^HTTP\/1\.1 (\d{3}) [^]*?\r\n\r\n/.exec(rest);
    if (head === null) throw new Error(`no answer begins with ${JSON.stringify(rest.slice(0, 80))}`);
    const status = Number(head[1]);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head[0])?.[1] ?? 0);
    const isHead = status === 200 && handled[statuses.length]?.startsWith('HEAD ') === true;
    rest = rest.slice(head[0].length + (status < 200 || isHead ? 0 : length));
    if (status >= 200) statuses.push(status);
  }
  return statuses;
}

describe('request bytes', () => {
  it('with edits', { timeout: 60_000 }, async () => {
    await using listening = await Listening.start();
    await fc.assert(
      fc.asyncProperty(mutated(requests), async (text) => {
        const bytes = Buffer.from(text, 'latin1');
        const [whole, split] = [await outcomeOf(listening, bytes, PIECES[0] ?? 0), await outcomeOf(listening, bytes, PIECES[1] ?? 0)];
        expect(split).toEqual(whole);
        const answered = whole.statuses.filter((status) => status === 200).length;
        expect(answered).toBeLessThanOrEqual(whole.handled.length);
        // A refusal is the last that a connection says.
        expect(whole.statuses.findIndex((status) => status !== 200)).toBeOneOf([-1, whole.statuses.length - 1]);
      }),
      { ...RUNS, numRuns: 1500 },
    );
    expect(listening.faults).toEqual([]);
    expect((await get(listening.address, '/after')).status).toBe(200);
  });
});
