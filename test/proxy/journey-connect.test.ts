// An origin that does not accept connections any more: a clear answer in time, or the stale response that the origin permitted.
import { describe, expect, it } from 'vitest';
import { FullListener } from '../support/full-listener.ts';
import { get } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { ScriptedOrigin } from '../support/origin.ts';

const yaml = (url: string): string => `origins: { a: { url: "${url}", connect_timeout: 100ms } }`;

describe('connect_timeout', () => {
  it('is a 504 where nothing is stored, and has its own word in the metrics', async () => {
    await using full = await FullListener.start();
    await using freshet = await RunningFreshet.start(yaml(full.url));
    const answer = await get(freshet.address, '/a');
    expect([answer.status, answer.field('cache-status')]).toEqual([504, expect.stringContaining('detail=origin-connect-timeout')]);
    expect((await get(freshet.adminAddress, '/metrics')).body).toContain(
      'freshet_origin_requests_total{origin="a",result="origin-connect-timeout"} 1\n',
    );
  });

  it('lets stale-if-error answer, and no longer than its window', async () => {
    const clock = new SettableClock();
    await using origin = await ScriptedOrigin.start();
    await using full = await FullListener.start();
    origin.on('/a', { fields: ['cache-control', 'max-age=60, stale-if-error=60'], body: 'kept' });
    await using freshet = await RunningFreshet.start(yaml(origin.url), { clock });
    expect((await get(freshet.address, '/a')).body).toBe('kept');
    await freshet.reload(yaml(full.url));
    clock.advance(90_000);
    const stale = await get(freshet.address, '/a');
    expect([stale.status, stale.body, stale.field('cache-status')]).toEqual([200, 'kept', 'freshet; fwd=stale; ttl=-30; detail=stale-if-error']);
    clock.advance(60_000);
    expect((await get(freshet.address, '/a')).status).toBe(504);
  });
});
