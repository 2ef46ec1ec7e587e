// SECURITY §3: what is keyed is what is forwarded, under every query rule; a canonical target is its own canonical form.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, pathAndQuery, type Target } from '../../src/http/target.ts';
import { keyedTarget, primaryKey } from '../../src/rules/key.ts';
import type { QueryRule } from '../../src/rules/policy.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { targets, hosts } = corpus('targets', ['targets', 'hosts']);

function parse(requestTarget: string, host: string): Target | undefined {
  const parsed = parseTarget({ requestTarget, hosts: [host], method: 'GET', scheme: 'http', version: '1.1' });
  return parsed.kind === 'target' ? parsed.target : undefined;
}

const RULES: readonly QueryRule[] = [
  { kind: 'as-received' },
  { kind: 'ignore' },
  { kind: 'include', patterns: ['a', 'b'] },
  { kind: 'exclude', patterns: ['utm_*'] },
];
const asked = fc.tuple(fc.oneof(fc.constantFrom(...targets), mutated(targets)), fc.oneof(fc.constantFrom(...hosts), mutated(hosts)));
const rule = fc.constantFrom(...RULES);

describe('targets', () => {
  it('a canonical one is its own canonical form', () => {
    fc.assert(
      fc.property(asked, rule, ([target, host], applied) => {
        const parsed = parse(target, host);
        if (parsed === undefined) return;
        expect(parse(pathAndQuery(parsed), parsed.authority)).toEqual(parsed);
        const keyed = keyedTarget(parsed, applied);
        expect(keyedTarget(keyed, applied)).toEqual(keyed);
        expect(parse(pathAndQuery(keyed), keyed.authority)).toEqual(keyed);
      }),
      RUNS,
    );
  });

  it('keys are equal exactly where the forwarded bytes are', () => {
    const forms = new Map<string, string>();
    fc.assert(
      fc.property(asked, rule, ([target, host], applied) => {
        const parsed = parse(target, host);
        if (parsed === undefined) return;
        const keyed = keyedTarget(parsed, applied);
        const key = primaryKey('public', keyed);
        const forwarded = `${keyed.authority} ${pathAndQuery(keyed)}`;
        // Against everything that any run before this one made.
        expect(forms.get(`key ${key}`) ?? forwarded).toBe(forwarded);
        expect(forms.get(`bytes ${forwarded}`) ?? key).toBe(key);
        forms.set(`key ${key}`, forwarded).set(`bytes ${forwarded}`, key);
      }),
      RUNS,
    );
    expect(forms.size).toBeGreaterThan(100);
  });

  it('what goes on is visible ASCII in one line, without dot segments, fragments and backslashes', () => {
    fc.assert(
      fc.property(asked, ([target, host]) => {
        const parsed = parse(target, host);
        if (parsed === undefined) return;
        expect(pathAndQuery(parsed)).toMatch(/^\/[!"$-[\]-~]*$/);
        expect(parsed.path).not.toMatch(/(\/|%2f|%5c)(\.|%2e){1,2}(\/|%2f|%5c|;|%3b|$)|%0[0ad]/i);
        expect(parsed.authority).toMatch(/^[!-~]+$/);
      }),
      RUNS,
    );
  });
});
