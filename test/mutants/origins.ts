// Ways to ask an origin too much, too often, or for the wrong reasons. SECURITY §8 (retries) and §10.
import type { Mutant } from './mutant.ts';

const BREAKER = 'test/origin/breaker.test.ts';
const OUTCOME = 'test/origin/outcome.test.ts';
const POOL = 'test/origin/pool.test.ts';
const POOL_BREAKER = 'test/origin/pool-breaker.test.ts';
const RETRY = 'test/origin/retry.test.ts';
const JOURNEY_BREAKER = 'test/proxy/journey-breaker.test.ts';
const JOURNEY_ORIGINS = 'test/proxy/journey-origins.test.ts';
const MASS_PURGE = 'test/proxy/journey-mass-purge.test.ts';

const BREAKER_MUTANTS: readonly Mutant[] = [
  {
    name: 'the breaker never opens',
    file: 'src/origin/breaker.ts',
    text: 'return opens ? opened(now, settings.openMs, { ended, failed }) : { ...breaker, slices };',
    replacement: 'return { ...breaker, slices };',
    caughtBy: [BREAKER, POOL_BREAKER, JOURNEY_BREAKER, JOURNEY_ORIGINS],
  },
  {
    name: 'the breaker opens on a few',
    file: 'src/origin/breaker.ts',
    text: 'ended >= settings.minimumRequests && ',
    replacement: '',
    caughtBy: [BREAKER, JOURNEY_BREAKER],
  },
  {
    name: 'the breaker forgets nothing',
    file: 'src/origin/breaker.ts',
    text: 'slices.filter((slice) => slice.nth > nth - SLICES)',
    replacement: 'slices.slice()',
    caughtBy: [BREAKER],
  },
  {
    name: 'several probes at once',
    file: 'src/origin/breaker.ts',
    text: 'if (isProbing || retryAfterMs > 0)',
    replacement: 'if (retryAfterMs > 0)',
    caughtBy: [BREAKER, POOL_BREAKER, JOURNEY_BREAKER],
  },
  {
    name: 'a probe without a verdict keeps its place',
    file: 'src/origin/breaker.ts',
    text: 'return { ...breaker, probe: undefined };',
    replacement: 'return breaker;',
    caughtBy: [BREAKER, POOL_BREAKER, JOURNEY_BREAKER],
  },
  {
    name: 'what was sent before the breaker changed settles it',
    file: 'src/origin/breaker.ts',
    text: "if (breaker.kind === 'open' || !isValid(permit, breaker)) return breaker;",
    replacement: "if (breaker.kind === 'open') return breaker;",
    caughtBy: [BREAKER],
  },
  {
    name: 'a write is a probe like any other',
    file: 'src/origin/breaker.ts',
    text: '(request.harmless ? until : until + forMs)',
    replacement: 'until',
    caughtBy: [BREAKER, POOL_BREAKER],
  },
  {
    name: 'the breaker opens for longer and longer without end',
    file: 'src/origin/breaker.ts',
    text: 'Math.min(breaker.forMs * 2, settings.maxOpenMs)',
    replacement: 'breaker.forMs * 2',
    caughtBy: [BREAKER],
  },
  {
    name: 'what clients do counts against the origin',
    file: 'src/origin/outcome.ts',
    text: "  'origin-malformed',\n",
    replacement: "  'origin-malformed',\n  'client-gone',\n",
    caughtBy: [OUTCOME, POOL_BREAKER],
  },
  {
    name: 'what is shed here counts against the origin',
    file: 'src/origin/outcome.ts',
    text: "  'origin-malformed',\n",
    replacement: "  'origin-malformed',\n  'origin-busy',\n",
    caughtBy: [OUTCOME, POOL_BREAKER],
  },
  {
    name: 'a probe is judged by its end only',
    file: 'src/origin/pool.ts',
    text: "if (call.permit?.kind === 'probe') this.#judge(call, { status });",
    replacement: '',
    caughtBy: [POOL_BREAKER],
  },
  {
    name: 'what waits when the breaker opens goes on waiting',
    file: 'src/origin/pool.ts',
    text: "if (next.kind === 'open') for (const call of this.#line.dismiss()) call.shed(heldBack(next.forMs));",
    replacement: '',
    caughtBy: [POOL_BREAKER],
  },
  {
    name: 'a reload forgets what the breaker knows',
    file: 'src/origin/pools.ts',
    text: 'current !== undefined && isDeepStrictEqual(current.settings, settings)',
    replacement: 'current !== undefined && settings.connections < 0 && isDeepStrictEqual(current.settings, settings)',
    caughtBy: [POOL_BREAKER, POOL],
  },
  {
    name: 'a write that was refused purges',
    file: 'src/proxy/passage.ts',
    text: 'this.#writes && error.requestSent',
    replacement: 'this.#writes',
    caughtBy: [JOURNEY_BREAKER],
  },
];

const QUEUE_MUTANTS: readonly Mutant[] = [
  {
    name: 'as many requests at once as come',
    file: 'src/origin/pool.ts',
    text: 'const mustWait = this.#running >= connections || this.#line.length > 0;',
    replacement: 'const mustWait = connections < 0;',
    caughtBy: [POOL, JOURNEY_ORIGINS, MASS_PURGE],
  },
  {
    name: 'the queue has no end',
    file: 'src/origin/pool.ts',
    text: 'if (mustWait && this.#line.length >= queue) {',
    replacement: 'if (mustWait && queue < 0) {',
    caughtBy: [POOL, JOURNEY_ORIGINS, MASS_PURGE],
  },
  {
    name: 'nobody leaves the queue unanswered',
    file: 'src/origin/line.ts',
    text: 'setTimeout(expire, this.#mostMs)',
    replacement: 'setTimeout(expire, this.#mostMs + 60_000)',
    caughtBy: [POOL, JOURNEY_ORIGINS],
  },
  {
    name: 'the wait for a connection counts against the followers of the fetch',
    file: 'src/proxy/flight.ts',
    text: 'void this.#whenSent().then(() => limit(limitMs));',
    replacement: 'limit(limitMs);',
    caughtBy: [JOURNEY_ORIGINS],
  },
  {
    name: 'Retry-After is for the leader alone',
    file: 'src/proxy/forward.ts',
    text: "return fieldLines(fields, 'retry-after').flatMap((value) => ['retry-after', value]);",
    replacement: 'return fields.slice(0, 0);',
    caughtBy: [JOURNEY_ORIGINS],
  },
];

const RETRY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a retry asks no budget',
    file: 'src/origin/pool.ts',
    text: 'isValid(permit, this.#breaker) && this.#budget.take()',
    replacement: 'isValid(permit, this.#breaker)',
    caughtBy: [RETRY],
  },
  {
    name: 'a retry asks no breaker',
    file: 'src/origin/pool.ts',
    text: 'permit !== undefined && isValid(permit, this.#breaker)',
    replacement: 'permit !== undefined',
    caughtBy: [POOL_BREAKER],
  },
  {
    name: 'a retry takes any connection',
    file: 'src/origin/connections.ts',
    text: 'fresh && this.#freshPool !== undefined ? this.#freshPool : this.#pool',
    replacement: 'this.#pool',
    caughtBy: [RETRY],
  },
  {
    name: 'a retry after the answer had begun',
    file: 'src/origin/call.ts',
    text: 'this.#retried || this.#answerBegan ||',
    replacement: 'this.#retried ||',
    caughtBy: [RETRY],
  },
  {
    name: 'a retry of what was reset on a fresh connection',
    file: 'src/origin/call.ts',
    text: ' || !this.#connectionReused',
    replacement: '',
    caughtBy: [RETRY],
  },
  {
    name: 'a retry whatever went wrong',
    file: 'src/origin/call.ts',
    text: "error.reason !== 'origin-reset' || this.#request.body",
    replacement: 'this.#request.body',
    caughtBy: [RETRY],
  },
  {
    name: 'a retry of a request with a body',
    file: 'src/origin/call.ts',
    text: "error.reason !== 'origin-reset' || this.#request.body !== undefined",
    replacement: "error.reason !== 'origin-reset'",
    caughtBy: [RETRY],
  },
  {
    name: 'a retry of any method',
    file: 'src/origin/call.ts',
    text: 'return IDEMPOTENT_METHODS.has(this.#request.method) && ',
    replacement: 'return ',
    caughtBy: [RETRY],
  },
];

export const ORIGIN_MUTANTS: readonly Mutant[] = [...BREAKER_MUTANTS, ...QUEUE_MUTANTS, ...RETRY_MUTANTS];
