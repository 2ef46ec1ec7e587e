// Guards of the way of a request.
import type { Guarded } from './guarded.ts';

export const PROXY_GUARDS: readonly Guarded[] = [
  {
    file: 'src/proxy/scope.ts',
    test: 'test/proxy/journey-scope.test.ts',
    guards: [
      'if (claims.length === 0)',
      `if (source.kind === 'authorization')`,
      'if (value !== undefined)',
      'if (name === source.name)',
      'if (at > 0)',
    ],
  },
  {
    file: 'src/proxy/request-head.ts',
    test: 'test/security/request-framing.test.ts',
    guards: [
      'if (tooLarge !== undefined)',
      'if (ambiguous !== undefined)',
      'if (requestTarget.length > limits.urlBytes)',
      `if (lengths.length > 1 || lengths.some((length) => !/^\\d{1,15}$/.test(length)))`,
      `if (version === '1.0')`,
      'if (!SINGLETONS.has(name))',
      'if (seen.has(name))',
      `if (version === '1.0' || expected.length === 0)`,
    ],
  },
  { file: 'src/proxy/request-head.ts', test: 'test/proxy/journey-limits.test.ts', guards: ['if (codings.length === 0)'] },
  {
    file: 'src/proxy/explain.ts',
    test: 'test/proxy/journey-claims.test.ts',
    guards: ['if (ambiguous !== undefined)', 'if (nominates)', 'if (loops(request.fields))', 'if (hasField(request.fields, AUTH_SCOPE))'],
  },
  {
    file: 'src/proxy/handle.ts',
    test: 'test/proxy/barrier.test.ts',
    guards: ['if (parts.barrier === undefined || !isSafe(request.method))'],
  },
  { file: 'src/proxy/written.ts', test: 'test/proxy/passage.test.ts', guards: [`if (outcome.kind !== 'out-of-holds')`] },
];
