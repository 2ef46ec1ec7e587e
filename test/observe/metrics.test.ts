import { afterEach, describe, expect, it } from 'vitest';
import { Log } from '../../src/observe/log.ts';
import { METRICS } from '../../src/observe/metric-table.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { Observe } from '../../src/observe/observe.ts';
import { requestEnd } from './ends.ts';

const open: Metrics[] = [];
afterEach(() => {
  for (const metrics of open.splice(0)) metrics.close();
});

function measuring(): { observe: Observe; page: () => Promise<string> } {
  const metrics = new Metrics({
    process: () => ({
      epoch: 12,
      falseShare: 0.25,
      threads: 2,
      crashes: 1,
      deadLetters: [{ source: 'webhook', count: 2 }],
      eventsInFlight: 3,
      eventSources: [{ source: 'postgres', isReading: true, waiting: 5, oldestMs: 1500 }],
      audits: { verdicts: [{ values: ['/p/:id', 'equal'], value: 9 }], caught: [], nines: [{ values: ['/p/:id'], value: 1 }] },
    }),
    thread: () => ({
      store: { entries: 7, bytes: 7_000, maxBytes: 9_000, removals: { evicted: 3, purged: 0 } },
      fills: { heldBytes: 40, maxBytes: 50 },
      connections: 5,
      origins: [
        { origin: 'shop', inFlight: 3, waiting: 2, isOpen: false },
        { origin: 'mail', inFlight: 0, waiting: 0, isOpen: true },
      ],
    }),
  });
  open.push(metrics);
  const log = new Log({ level: 'silent', access: 'off', destination: { write: () => {} } });
  return { observe: new Observe({ log, metrics }), page: () => metrics.text() };
}

describe('/metrics', () => {
  it('has every metric of the table once, with its type and help', async () => {
    const lines = (await measuring().page()).split('\n');
    for (const { name, type } of METRICS) {
      expect(lines.filter((line) => line === `# TYPE ${name} ${type}`)).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith(`# HELP ${name} `))).toHaveLength(1);
    }
  });

  it.each(METRICS)('$name is named as its type and unit ask', ({ name, type }) => {
    expect(name).toMatch(/^freshet_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  });

  it('reads what is kept elsewhere when it is asked', async () => {
    const page = await measuring().page();
    for (const line of [
      'freshet_store_entries 7',
      'freshet_store_bytes 7000',
      'freshet_store_max_bytes 9000',
      'freshet_store_removals_total{reason="evicted"} 3',
      'freshet_fills_held_bytes 40',
      'freshet_fills_max_bytes 50',
      'freshet_purge_epoch 12',
      'freshet_purge_false_share_ratio 0.25',
      'freshet_client_connections 5',
      'freshet_origin_requests_in_flight{origin="shop"} 3',
      'freshet_origin_requests_waiting{origin="shop"} 2',
      'freshet_origin_breaker_open{origin="shop"} 0',
      'freshet_origin_breaker_open{origin="mail"} 1',
    ]) {
      expect(page).toContain(`${line}\n`);
    }
    expect(page).toMatch(/freshet_event_loop_delay_seconds\{quantile="0.99"\} [\d.e-]+\n/);
    expect(page).toMatch(/freshet_process_resident_memory_bytes \d{7,}\n/);
  });

  it.each<{ name: string; tell: (observe: Observe) => void; expected: string[] }>([
    {
      name: 'requests',
      tell: (observe) => {
        observe.requestEnded(requestEnd({ bodyBytes: 10 }));
        observe.requestEnded(requestEnd({ bodyBytes: 5 }));
        observe.requestEnded(requestEnd({ outcome: 'pass', reason: undefined, aborted: true }));
      },
      expected: [
        'freshet_requests_total{outcome="hit",reason="fresh"} 2',
        'freshet_requests_total{outcome="pass",reason=""} 1',
        'freshet_response_body_bytes_total{outcome="hit"} 15',
        'freshet_requests_aborted_total 1',
      ],
    },
    {
      name: 'answers that were cut, apart from clients that left',
      tell: (observe) => {
        observe.requestEnded(requestEnd({ outcome: 'miss', reason: undefined, aborted: true, failure: 'origin-reset' }));
        observe.requestEnded(requestEnd({ outcome: 'pass', reason: undefined, failure: 'truncated' }));
        observe.requestEnded(requestEnd({ outcome: 'pass', reason: undefined, aborted: true }));
      },
      expected: [
        'freshet_answers_cut_total{reason="origin-reset"} 1',
        'freshet_answers_cut_total{reason="truncated"} 1',
        'freshet_requests_aborted_total 1',
      ],
    },
    {
      name: 'origin exchanges',
      tell: (observe) => {
        observe.originEnded({ origin: 'shop', status: 204, retried: true, durationMs: 3 });
        observe.originEnded({ origin: 'shop', failure: 'origin-reset', status: 200, retried: false, durationMs: 3 });
        observe.originEnded({ origin: 'a"b', status: 503, retried: false, durationMs: 3 });
      },
      expected: [
        'freshet_origin_requests_total{origin="shop",result="2xx"} 1',
        'freshet_origin_requests_total{origin="shop",result="origin-reset"} 1',
        'freshet_origin_requests_total{origin="a\\"b",result="5xx"} 1',
        'freshet_origin_duration_seconds_count{origin="shop",result="2xx"} 1',
        'freshet_origin_retries_total{origin="shop"} 1',
      ],
    },
    {
      name: 'breakers',
      tell: (observe) => {
        observe.breakerChanged({ origin: 'shop', state: 'open', forMs: 5_000, ended: 30, failed: 20, last: { failure: 'origin-reset' } });
        observe.breakerChanged({ origin: 'shop', state: 'half-open' });
        observe.breakerChanged({ origin: 'shop', state: 'open', forMs: 10_000, ended: 1, failed: 1, last: { status: 503 } });
        observe.breakerChanged({ origin: 'shop', state: 'closed' });
      },
      expected: ['freshet_origin_breaker_openings_total{origin="shop"} 2'],
    },
    {
      name: 'fills',
      tell: (observe) => {
        observe.fillStored(100);
        observe.fillRefused('purged-in-flight');
        observe.fillRefused('set-cookie');
      },
      expected: [
        'freshet_fills_stored_total 1',
        'freshet_fill_bytes_total 100',
        'freshet_fills_refused_total{reason="set-cookie"} 1',
        'freshet_fills_refused_total{reason="purged-in-flight"} 1',
        'freshet_fills_refused_by_purge_total 1',
      ],
    },
    {
      name: 'purges, followers, refreshes and lookups',
      tell: (observe) => {
        observe.purgeEnded({ id: '1', kind: 'write', mode: 'hard', durationMs: 0.05, expired: 0 });
        observe.followerCollapsed();
        observe.backgroundRefresh();
        observe.backgroundRefresh();
        observe.scopeLookedUp('remembered');
        observe.scopeMismatched('commit', '/a');
      },
      expected: [
        'freshet_purges_total{kind="write",mode="hard"} 1',
        'freshet_purge_duration_seconds_bucket{kind="write",mode="hard",le="0.0001"} 1',
        'freshet_collapsed_followers_total 1',
        'freshet_background_refreshes_total 2',
        'freshet_scope_lookups_total{how="remembered"} 1',
        'freshet_scope_mismatches_total{at="commit"} 1',
      ],
    },
  ])('counts $name', async ({ tell, expected }) => {
    const { observe, page } = measuring();
    tell(observe);
    const text = await page();
    for (const line of expected) expect(text).toContain(`${line}\n`);
  });

  it('has histograms whose buckets add up', async () => {
    const { observe, page } = measuring();
    for (const durationMs of [0.05, 0.1, 0.2, 40, 100_000]) observe.requestEnded(requestEnd({ durationMs }));
    const text = await page();
    const name = 'freshet_request_duration_seconds';
    const buckets = [...text.matchAll(/freshet_request_duration_seconds_bucket\{outcome="hit",le="([^"]+)"\} (\d+)/g)].map(([, le, count]) => [
      le,
      Number(count),
    ]);
    const counts = buckets.map(([, count]) => Number(count));
    expect(buckets[0]).toEqual(['0.0001', 2]);
    expect(buckets.at(-2)).toEqual(['30', 4]);
    expect(buckets.at(-1)).toEqual(['+Inf', 5]);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(text).toContain(`${name}_count{outcome="hit"} 5\n`);
    expect(Number(new RegExp(`${name}_sum\\{outcome="hit"\\} ([\\d.]+)`).exec(text)?.[1])).toBeCloseTo(100.04035);
  });
});
