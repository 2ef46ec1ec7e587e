// SECURITY §5: two requests are of one scope exactly where they present the same credentials, and of cookies the origin is shown those and no others.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANONYMOUS, cookieText, credentialScope, scopedCookies } from '../../src/proxy/scope.ts';
import type { CredentialSource } from '../../src/rules/routes.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { authorization, cookie } = corpus('credentials', ['authorization', 'cookie']);
const SECRET = Buffer.alloc(32, 7);
const SOURCES: readonly CredentialSource[] = [{ kind: 'authorization' }, { kind: 'cookie', name: 'session' }, { kind: 'cookie', name: 'tenant' }];

/** Values that a field can have. */
const fieldText = (from: readonly string[]): fc.Arbitrary<string> => mutated(from).map((text) => text.replace(/[\0\r\n]/g, '').trim());
const presented = fc
  .record({ authorization: fc.option(fieldText(authorization), { nil: undefined }), cookies: fc.array(fieldText(cookie), { maxLength: 2 }) })
  .map((given) => [
    ...(given.authorization === undefined ? [] : ['authorization', given.authorization]),
    ...given.cookies.flatMap((value) => ['cookie', value]),
  ]);

/** What is presented, read in another way: a list for each source, in order. */
function tuple(fields: readonly string[]): string {
  const cookies = cookieText(fields)
    .split(';')
    .map((pair) => /^([^=]+)=(.*)$/s.exec(pair))
    .map((parts) => [parts?.[1]?.trim() ?? '', parts?.[2]?.trim() ?? ''] as const);
  const at = fields.indexOf('authorization');
  const named = (name: string): string[] => cookies.filter(([given]) => given === name).map(([, value]) => value);
  return JSON.stringify([at === -1 ? [] : [fields[at + 1]], named('session'), named('tenant')]);
}

describe('credential scopes', () => {
  it('are the same exactly where the credentials are', () => {
    const known = new Map<string, string>();
    fc.assert(
      fc.property(presented, (fields) => {
        const { id } = credentialScope(SOURCES, fields, SECRET);
        const said = tuple(fields);
        // Against everything that any run before this one made.
        expect(known.get(`id ${id}`) ?? said).toBe(said);
        expect(known.get(`tuple ${said}`) ?? id).toBe(id);
        known.set(`id ${id}`, said).set(`tuple ${said}`, id);
        expect(id === ANONYMOUS.id).toBe(said === '[[],[],[]]');
      }),
      RUNS,
    );
    expect(known.size).toBeGreaterThan(500);
  });

  it('the cookies that go on are those of the scope, and make the same one', () => {
    const rule = { kind: 'credential', sources: SOURCES } as const;
    fc.assert(
      fc.property(presented, (fields) => {
        const sent = scopedCookies(rule, cookieText(fields));
        const others = fields.flatMap((name, i) => (i % 2 === 0 && name === 'authorization' ? [name, fields[i + 1] ?? ''] : []));
        const forwarded = sent === undefined ? others : [...others, 'cookie', sent];
        expect(credentialScope(SOURCES, forwarded, SECRET).id).toBe(credentialScope(SOURCES, fields, SECRET).id);
        for (const pair of sent?.split('; ') ?? []) expect(pair).toMatch(/^(session|tenant)=/);
      }),
      RUNS,
    );
  });
});
