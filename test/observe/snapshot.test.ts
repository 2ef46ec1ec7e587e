// Several threads' counts together: sums, the highest where a sum means nothing, and counts that outlive their thread.
import { describe, expect, it } from 'vitest';
import { countsOf, type Snapshot, together } from '../../src/observe/snapshot.ts';

function counted(requests: number, connections: number, latest: number): Snapshot {
  return new Map([
    ['freshet_requests_total', [{ values: ['hit', ''], value: requests }]],
    ['freshet_client_connections', [{ values: [], value: connections }]],
    ['freshet_event_loop_delay_seconds', [{ values: ['1'], value: latest }]],
    ['freshet_request_duration_seconds', [{ values: ['hit'], value: requests, suffix: '_bucket' as const, le: 0.1 }]],
  ]);
}

describe('together', () => {
  it('sums, line by line', () => {
    const sum = together([counted(3, 1, 0.5), counted(4, 2, 0.25), new Map([['freshet_requests_total', [{ values: ['miss', ''], value: 1 }]]])]);
    expect(sum.get('freshet_requests_total')).toEqual([
      { values: ['hit', ''], value: 7 },
      { values: ['miss', ''], value: 1 },
    ]);
    expect(sum.get('freshet_client_connections')).toEqual([{ values: [], value: 3 }]);
    expect(sum.get('freshet_request_duration_seconds')).toMatchObject([{ value: 7, suffix: '_bucket', le: 0.1 }]);
  });

  it('is the highest where that counts', () => {
    expect(together([counted(3, 1, 0.5), counted(4, 2, 0.25)]).get('freshet_event_loop_delay_seconds')).toEqual([{ values: ['1'], value: 0.5 }]);
  });
});

it('what has ended keeps its counts and histograms, and no gauge', () => {
  const counts = countsOf(counted(3, 1, 0.5));
  expect(counts.get('freshet_requests_total')).toEqual([{ values: ['hit', ''], value: 3 }]);
  expect(counts.get('freshet_request_duration_seconds')).toHaveLength(1);
  expect([counts.get('freshet_client_connections'), counts.get('freshet_event_loop_delay_seconds')]).toEqual([undefined, undefined]);
});
