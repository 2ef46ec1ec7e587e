// Figures of the bench are of what they say: what answers otherwise is left out, and a round that went otherwise is marked.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Load } from '../../bench/beside/load.ts';
import { type Traffic, SCENARIOS } from '../../bench/beside/scenarios.ts';
import { FRESHET } from '../../bench/beside/servers.ts';
import { faultsOf, unfitness } from '../../bench/beside/trust.ts';

const [hit, , , conditional] = SCENARIOS.map(({ traffic }) => traffic);
if (hit === undefined || conditional?.status !== 304) throw new Error('the scenarios are others');
const miss: Traffic = { ...hit, spread: 'fresh', forwarded: 1 };
const KIB = Buffer.alloc(1024);

describe('what is left out', () => {
  interface Answer {
    readonly status: number;
    readonly body?: Buffer;
    readonly fields?: Readonly<Record<string, string>>;
    readonly isForwarded?: boolean;
  }
  const cases: [string, Traffic, Answer, string | undefined][] = [
    ['a hit', hit, { status: 200, body: KIB }, undefined],
    ['a miss', miss, { status: 200, body: KIB, isForwarded: true }, undefined],
    ['a 304', conditional, { status: 304 }, undefined],
    ['another status', hit, { status: 404, body: KIB }, 'it answers 404, not 200'],
    ['another body', hit, { status: 200, body: KIB.subarray(1) }, 'its answer has 1023 bytes, not 1024'],
    ['a hit that is none', hit, { status: 200, body: KIB, isForwarded: true }, 'of 10 requests 10 reached the origin, not 0'],
    ['a miss that is none', miss, { status: 200, body: KIB }, 'of 10 requests 0 reached the origin, not 10'],
    [
      'a 304 that wrk cannot read',
      conditional,
      { status: 304, fields: { 'Content-Length': '1024' } },
      'its 304 has a Content-Length, after which wrk waits for a body',
    ],
  ];
  it.each(cases)('%s', async (_, traffic, { status, body, fields = {}, isForwarded = false }, expected) => {
    let forwarded = 0;
    await using server = createServer((_request, response) => {
      if (isForwarded) forwarded++;
      response.writeHead(status, fields).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await unfitness({ count: () => Promise.resolve(forwarded) }, { server: FRESHET, traffic, running: { url } })).toBe(expected);
  });
});

describe('what is marked', () => {
  const load: Load = { requests: 10_000, seconds: 1, bytes: 10_000 * 1400, p50Ms: 1, p99Ms: 2, failures: { status: 0, read: 0 } };
  const cases: [string, Partial<Load>, { readonly traffic?: Traffic; readonly forwarded?: number; readonly purges?: number }, string[]][] = [
    ['nothing', {}, {}, []],
    ['nothing of misses', {}, { traffic: miss, forwarded: 10_064 }, []],
    ['failures', { failures: { status: 0, read: 3 } }, {}, ['3 requests failed (read)']],
    ['silence', { requests: 0, bytes: 0 }, {}, ['no request was answered']],
    ['hits that were forwarded', {}, { forwarded: 300 }, ['300 of 10000 requests reached the origin']],
    ['misses that were not', {}, { traffic: miss, forwarded: 9000 }, ['9000 of 10000 requests reached the origin']],
    ['shorter answers', { bytes: 10_000 * 500 }, {}, ['the answers have 500 bytes on average']],
    ['longer answers', { bytes: 10_000 * 9000 }, {}, ['the answers have 9000 bytes on average']],
    ['fewer purges', {}, { traffic: { ...hit, isPurged: true }, purges: 900 }, ['only 900 purges a second landed']],
  ];
  it.each(cases)('%s', (_, changes, { traffic = hit, forwarded = 0, purges = 0 }, expected) => {
    expect(faultsOf({ server: FRESHET, traffic }, { load: { ...load, ...changes }, forwarded, purges })).toEqual(expected);
  });
});
