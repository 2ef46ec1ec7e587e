// DESIGN section 6: the names that a purge by scope may use.
import { expect, it } from 'vitest';
import type { ScopeRule } from '../../src/rules/routes.ts';
import { scopeNames } from '../../src/rules/scope-names.ts';

const AUTHORIZATION = { kind: 'authorization' } as const;
const SESSION = { kind: 'cookie', name: 'session' } as const;

const rows: readonly [name: string, scopes: readonly ScopeRule[], expected: readonly string[]][] = [
  ['no route', [], []],
  ['public', [{ kind: 'public' }], []],
  ['credentials', [{ kind: 'credential', sources: [AUTHORIZATION, SESSION] }], ['authorization', 'cookie.session']],
  ['verified claims', [{ kind: 'claims', names: ['tenant', 'sub'], required: false }], ['tenant', 'sub']],
  ['each once', [{ kind: 'credential', sources: [SESSION] }, { kind: 'public' }, { kind: 'credential', sources: [SESSION] }], ['cookie.session']],
];

it.each(rows)('%s', (_name, scopes, expected) => expect(scopeNames(scopes.map((scope) => ({ scope })))).toEqual(expected));
