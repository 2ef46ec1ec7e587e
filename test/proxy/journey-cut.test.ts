// An answer that ends too early: the metrics tell an origin that cut it from a client that left.
import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/client.ts';
import { Barrier, type Reply } from '../support/origin.ts';
import { Stage } from './journey.ts';

const BODY = 'x'.repeat(1000);

/** Lines of /metrics about answers that ended early. */
async function early(stage: Stage): Promise<readonly string[]> {
  const { body } = await stage.ask('GET /metrics', {}, stage.freshet.adminAddress);
  return body.split('\n').filter((line) => /^freshet_(answers_cut|requests_aborted)_total/.test(line));
}

describe('an answer that ends early', () => {
  it.each<{ name: string; reply: Reply; complete: boolean; expected: readonly string[] }>([
    { name: 'nobody', reply: { body: BODY }, complete: true, expected: [] },
    { name: 'an origin that ends it', reply: { body: BODY, fault: 'truncate' }, complete: false, expected: ['origin-reset'] },
    { name: 'an origin that resets it', reply: { body: BODY, fault: 'reset' }, complete: false, expected: ['origin-reset'] },
    {
      name: 'an origin that ends its chunks',
      reply: { body: BODY, framing: 'chunked', fault: 'truncate' },
      complete: false,
      expected: ['origin-reset'],
    },
    { name: 'an origin that stalls', reply: { body: BODY, fault: 'stall' }, complete: false, expected: ['origin-body-timeout'] },
  ])('by $name', async ({ reply, complete, expected }) => {
    await using stage = await Stage.start({ origin: 'body_timeout: 50ms' });
    stage.origin.on('/a', { fields: ['cache-control', 'max-age=60'], ...reply });
    expect((await stage.ask('GET /a')).complete).toBe(complete);
    expect(await early(stage)).toEqual([
      'freshet_requests_aborted_total 0',
      ...expected.map((reason) => `freshet_answers_cut_total{reason="${reason}"} 1`),
    ]);
  });

  it('by a client that left', async () => {
    const barrier = new Barrier();
    await using stage = await Stage.start();
    stage.origin.on('/a', { fields: ['cache-control', 'max-age=60'], body: BODY, barriers: { 'mid-body': barrier } });
    const client = await RawClient.connect(stage.freshet.address);
    client.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
    await barrier.reached;
    await client[Symbol.asyncDispose]();
    await expect.poll(() => early(stage)).toEqual(['freshet_requests_aborted_total 1']);
    barrier.open();
  });
});
