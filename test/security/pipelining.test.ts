// SECURITY §8, S6: what one connection may have Freshet hold, however much it sends without waiting for answers.
import { describe, expect, it } from 'vitest';
import type { RawClient } from '../support/client.ts';
import { get } from './request-row.ts';
import { Line } from './line.ts';
import { named } from './wire-origin.ts';

const MOST = 8;
const SETTING = { config: `limits: { pipelined: ${MOST} }` };
const ENDED = /end|ECONNRESET|EPIPE/;

/** One after another, many times what may be, for as long as the other side listens. */
async function flood(client: RawClient, request: (nth: number) => string): Promise<void> {
  for (let nth = 1; nth <= 400 && client.socket.writable; nth++) {
    client.send(Array.from({ length: 5 }, (_, i) => request(nth * 5 + i)).join(''));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const floods: readonly { name: string; first?: string; request: (nth: number) => string; asked: number; collapsed: number; reason: string }[] = [
  { name: 'of one URL', request: () => get(), asked: 1, collapsed: MOST - 1, reason: 'too-many-pipelined' },
  { name: 'of many URLs', request: (nth) => get().replace('/a', `/${nth}`), asked: MOST, collapsed: 0, reason: 'too-many-pipelined' },
  { name: 'behind one that is refused', first: get() + get('Expect: x'), request: () => get(), asked: 1, collapsed: 0, reason: 'bad-request' },
];

describe('a flood of requests on one connection', () => {
  it.each(floods)('$name has so many under way as may be, and is cut', async ({ first = '', request, asked, collapsed, reason }) => {
    await using line = await Line.start(SETTING);
    line.origin.answering = () => undefined;
    await using client = await line.connect();
    client.send(first);
    if (first !== '') await line.origin.seen(1);
    const closed = client.closed();
    await flood(client, request);
    expect(await closed).toMatch(ENDED);
    await line.roundTrips();
    expect(line.origin.requests).toHaveLength(asked);
    expect(await line.metrics('freshet_collapsed_followers_total')).toEqual([`freshet_collapsed_followers_total ${collapsed}`]);
    expect(await line.metrics('freshet_client_connections')).toEqual(['freshet_client_connections 0']);
    expect((await line.metrics('freshet_requests_total')).filter((end) => !end.includes('client-gone') && !end.includes('only-if-cached'))).toEqual([
      `freshet_requests_total{outcome="error",reason="${reason}"} 1`,
    ]);
    expect(await line.metrics('freshet_limit_reached_total{limit="limits.pipelined"}')).toEqual([
      `freshet_limit_reached_total{limit="limits.pipelined"} ${reason === 'bad-request' ? 1 : 2}`,
    ]);
  });

  it('is answered as long as answers are taken: what has its answer is not counted', async () => {
    await using line = await Line.start(SETTING);
    line.origin.answering = (request) => ({ bytes: named(request).bytes.replace('\r\n', '\r\nCache-Control: max-age=60\r\n') });
    await using client = await line.connect();
    client.send(get());
    expect((await client.answer())?.body).toBe('GET /a');
    client.send(get().repeat(MOST * 10));
    for (let nth = 0; nth < MOST * 10; nth++) expect((await client.answer())?.body).toBe('GET /a');
    expect(line.origin.requests).toHaveLength(1);
  });
});
