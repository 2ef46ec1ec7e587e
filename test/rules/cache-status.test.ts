import * as fc from 'fast-check';
import { type Parameters, parseList, Token } from 'structured-headers';
import { describe, expect, it } from 'vitest';
import { type CacheStatus, cacheStatusMember } from '../../src/rules/cache-status.ts';
import { REASONS, type Reason } from '../../src/rules/reasons.ts';

const REASON_CODES = Object.keys(REASONS) as Reason[]; // The table's own keys.

describe('RFC 9211: Cache-Status', () => {
  it.each([
    { given: { hit: true, ttlSeconds: 376 }, expected: 'freshet; hit; ttl=376' },
    { given: { hit: true, ttlSeconds: -1.5, detail: 'max-stale' }, expected: 'freshet; hit; ttl=-2; detail=max-stale' },
    {
      given: { hit: false, fwd: 'uri-miss', fwdStatus: 200, stored: true, collapsed: true, ttlSeconds: 60 },
      expected: 'freshet; fwd=uri-miss; fwd-status=200; stored; collapsed; ttl=60',
    },
    { given: { hit: false, fwd: 'bypass', detail: 'route-pass' }, expected: 'freshet; fwd=bypass; detail=route-pass' },
    { given: { hit: false, fwd: 'stale', stored: false, collapsed: false }, expected: 'freshet; fwd=stale' },
    { given: { hit: true, fwd: 'stale', stored: true }, expected: 'freshet; hit' },
    { given: { hit: false, detail: 'bad-request' }, expected: 'freshet; detail=bad-request' },
    { given: { hit: true, key: 'a "b" \\ \u00e9\n' }, expected: 'freshet; hit; key="a \\"b\\" \\\\ ??"' },
  ] satisfies { given: CacheStatus; expected: string }[])('$expected', ({ given, expected }) => {
    expect(cacheStatusMember(given)).toBe(expected);
  });

  it('is what a structured-fields parser reads back', () => {
    const status: fc.Arbitrary<CacheStatus> = fc.record(
      {
        hit: fc.boolean(),
        fwd: fc.constantFrom('bypass', 'method', 'uri-miss', 'vary-miss', 'miss', 'request', 'stale', 'partial'),
        fwdStatus: fc.integer({ min: 100, max: 999 }),
        stored: fc.boolean(),
        collapsed: fc.boolean(),
        ttlSeconds: fc.oneof(fc.integer(), fc.double()),
        detail: fc.constantFrom(...REASON_CODES),
        key: fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)) }),
      },
      { requiredKeys: ['hit'] },
    );
    fc.assert(
      fc.property(status, (given) => {
        const parameters = parametersOf(cacheStatusMember(given));
        expect(parameters.get('hit')).toBe(given.hit ? true : undefined);
        expect(parameters.get('fwd')?.toString()).toBe(given.hit ? undefined : given.fwd);
        expect(parameters.get('detail')?.toString()).toBe(given.detail);
        expect(parameters.has('stored')).toBe(!given.hit && given.fwd !== undefined && given.stored === true);
        expect(Number.isInteger(parameters.get('ttl') ?? 0)).toBe(true);
      }),
    );
  });
});

function parametersOf(member: string): Parameters {
  const [only, ...others] = parseList(member);
  expect(others).toEqual([]);
  expect(only?.[0]).toEqual(new Token('freshet'));
  return only?.[1] ?? new Map();
}
