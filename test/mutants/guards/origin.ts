// Guards of what is asked of origins and believed of them.
import type { Guarded } from './guarded.ts';

export const ORIGIN_GUARDS: readonly Guarded[] = [
  {
    file: 'src/origin/breaker.ts',
    test: 'test/origin/breaker.test.ts',
    guards: [
      `if (breaker.kind === 'closed') return { admission: { kind: 'admit', permit: breaker.permit }, breaker };`,
      `if (breaker.kind === 'closed') return outcome === 'none' ? breaker : counted(breaker, { outcome, now }, settings);`,
    ],
  },
  {
    file: 'src/origin/call.ts',
    test: 'test/origin/pool.test.ts',
    guards: [
      `if (this.#over) return;
    this.#finish('client-gone');`,
      'if (this.#informationals <= FORWARDED_INFORMATIONALS)',
      'if (this.#informationals > MAX_INFORMATIONALS)',
      `if (verdict.kind === 'refuse')`,
      `if (this.#over) return;
    this.#finish(error.reason);`,
      `if (this.#over) {
      controller`,
      `if (this.#over) return;
    this.#finish(undefined);`,
    ],
  },
  {
    file: 'src/origin/call.ts',
    test: 'test/security/response-framing.test.ts',
    guards: [
      'if (status >= 100 && status < 200)',
      'if (!this.#verified)',
      'if (first === undefined || last === undefined || parts.some((part) => part.buffer !== first.buffer))',
    ],
  },
  {
    file: 'src/origin/call.ts',
    test: 'test/origin/retry.test.ts',
    guards: [
      'if (!this.#over && !this.#handler.data(chunk))',
      'if (this.#mayRetry(error))',
      'if (this.#over || this.#retried || this.#answerBegan || !this.#connectionReused)',
      `if (error.reason !== 'origin-reset' || this.#request.body !== undefined)`,
    ],
  },
  { file: 'src/origin/connections.ts', test: 'test/origin/retry.test.ts', guards: ['if (fresh)'] },
  {
    file: 'src/origin/failure.ts',
    test: 'test/origin/pool.test.ts',
    guards: [
      'if (cause instanceof OriginError)',
      'if (cause instanceof RequestBodyError)',
      'if (cause instanceof errors.HTTPParserError)',
      'if (cause instanceof errors.ResponseContentLengthMismatchError)',
      `if (code === 'UND_ERR_SOCKET')`,
      'if (known !== undefined)',
      `if (message === 'bad upgrade' || message === 'bad response')`,
      `if (code === '')`,
      `if (error.message !== '')`,
    ],
  },
  {
    file: 'src/origin/head-check.ts',
    test: 'test/security/response-framing.test.ts',
    guards: [
      'if (fault !== undefined)',
      'if (status < 100 || status > 599)',
      'if (fields.length / 2 > MAX_FIELDS)',
      `if (codings.length > 0 && (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked'))`,
      'if (status === 204 && (codings.length > 0 || hasContent(fields)))',
      `if (status === 206 && !hasField(request.fields, 'range'))`,
    ],
  },
  { file: 'src/origin/head-check.ts', test: 'test/proxy/journey-failure.test.ts', guards: ['if (status === 304 && !isConditional(request.fields))'] },
  { file: 'src/origin/line.ts', test: 'test/proxy/journey-origins.test.ts', guards: ['if (first !== undefined)'] },
  {
    file: 'src/origin/outcome.ts',
    test: 'test/origin/outcome.test.ts',
    guards: ['if (failure !== undefined && FAILURES.has(failure))', 'if (status === undefined)'],
  },
  { file: 'src/origin/pool.ts', test: 'test/proxy/journey-origins.test.ts', guards: [`if (admission.kind === 'refuse')`] },
  {
    file: 'src/origin/pool.ts',
    test: 'test/origin/pool.test.ts',
    guards: [
      'if (this.#line.length > 0)',
      'if (this.#running > 0 || this.#line.length > 0)',
      `if (this.#running === 0) this.#idle?.resolve();
  }

  /** A probe`,
      `if (this.#running === 0) this.#idle?.resolve();
  }

  /** When`,
      'if (this.#running >= this.settings.connections)',
    ],
  },
  {
    file: 'src/origin/pool.ts',
    test: 'test/origin/pool-breaker.test.ts',
    guards: ['if (before.kind === next.kind)', `if (breaker.kind !== 'open')`],
  },
  { file: 'src/origin/pools.ts', test: 'test/origin/pool-breaker.test.ts', guards: ['if (pool !== undefined)'] },
  { file: 'src/origin/pools.ts', test: 'test/origin/pool.test.ts', guards: ['if (pools.get(name) !== pool)'] },
  { file: 'src/origin/retry-budget.ts', test: 'test/origin/retry.test.ts', guards: ['if (this.#tenths < 10)'] },
  { file: 'src/origin/call.ts', test: 'test/proxy/journey-limits.test.ts', guards: ['if (!this.#over)', 'if (!this.#aborted)'] },
  { file: 'src/origin/pool.ts', test: 'test/origin/pool.test.ts', guards: ['if (mustWait)', 'if (settings === undefined || permit === undefined)'] },
  { file: 'src/origin/pool.ts', test: 'test/proxy/journey-limits.test.ts', guards: ['if (call !== undefined)'] },
  { file: 'src/origin/connections.ts', test: 'test/origin/connections.test.ts', guards: ['if (this.#pool.destroyed)'] },
  { file: 'src/origin/head-check.ts', test: 'test/origin/pool.test.ts', guards: [`if (method === 'HEAD' || status === 204 || status === 304)`] },
];
