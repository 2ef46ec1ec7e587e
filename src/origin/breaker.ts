// Whether an origin fails so often that nothing is sent to it for a while: a circuit breaker (SECURITY §10). Values in, values out: no clock, no I/O.
//
// The idea: closed, every request passes, and what became of those that ended lately is counted; where too many failed, the breaker opens and nothing
// passes. When its time is up it is half-open: one request goes as a probe, and its fate closes the breaker or opens it again, for twice as long.
// The races: answers that come after the breaker has changed say how the origin was before it did; a probe's client may leave.
// What must stay true: one probe at a time; only what passed since the last change counts; a probe without a verdict gives its place to the next.

export interface BreakerSettings {
  /** Of those that ended within the window, the share that opens it where so many failed; 0 to 1. */
  readonly failureRate: number;
  readonly windowMs: number;
  /** Fewer within the window open nothing. */
  readonly minimumRequests: number;
  /** After the first failures; each probe that fails doubles it. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

/** Lets one request through. Compared by identity: what a change of the breaker has overtaken settles nothing. */
export interface Permit {
  readonly kind: 'passage' | 'probe';
}

export type Breaker =
  | { readonly kind: 'closed'; readonly permit: Permit; readonly slices: readonly Slice[] }
  | { readonly kind: 'open'; readonly until: number; readonly forMs: number; readonly because: Share }
  | { readonly kind: 'half-open'; readonly until: number; readonly forMs: number; readonly probe: Permit | undefined };

/** Of those that ended, those that failed. */
interface Share {
  readonly ended: number;
  readonly failed: number;
}

/** A tenth of the window, counted from the epoch. */
interface Slice extends Share {
  readonly nth: number;
}

const SLICES = 10;

export type Admission = { readonly kind: 'admit'; readonly permit: Permit } | { readonly kind: 'refuse'; readonly retryAfterMs: number };

/** What a request's end says of its origin; `none`: nothing. */
export type Outcome = 'success' | 'failure' | 'none';

export function closedBreaker(): Breaker {
  return { kind: 'closed', permit: { kind: 'passage' }, slices: [] };
}

/** May a request pass now? One that is not `harmless` (it may change something, or has a body) is a probe only where none that is came for as long again. */
export function admit(breaker: Breaker, request: { readonly now: number; readonly harmless: boolean }): { admission: Admission; breaker: Breaker } {
  if (breaker.kind === 'closed') return { admission: { kind: 'admit', permit: breaker.permit }, breaker };
  const { until, forMs } = breaker;
  const isProbing = breaker.kind === 'half-open' && breaker.probe !== undefined;
  const retryAfterMs = (request.harmless ? until : until + forMs) - request.now;
  if (isProbing || retryAfterMs > 0) return { admission: { kind: 'refuse', retryAfterMs: Math.max(0, retryAfterMs) }, breaker };
  const probe: Permit = { kind: 'probe' };
  return { admission: { kind: 'admit', permit: probe }, breaker: { kind: 'half-open', until, forMs, probe } };
}

/** Whether nothing has overtaken the permit: what it let through may go on as if asked for now. */
export function isValid(permit: Permit, breaker: Breaker): boolean {
  return permit === (breaker.kind === 'closed' ? breaker.permit : breaker.kind === 'half-open' ? breaker.probe : undefined);
}

export interface Settled {
  readonly permit: Permit;
  readonly outcome: Outcome;
  readonly now: number;
}

/** What the end of a request makes of the breaker; of a probe, its head is enough. */
export function settle(breaker: Breaker, settled: Settled, settings: BreakerSettings): Breaker {
  const { permit, outcome, now } = settled;
  if (breaker.kind === 'open' || !isValid(permit, breaker)) return breaker;
  if (breaker.kind === 'closed') return outcome === 'none' ? breaker : counted(breaker, { outcome, now }, settings);
  switch (outcome) {
    case 'none':
      return { ...breaker, probe: undefined };
    case 'success':
      return closedBreaker();
    case 'failure':
      return opened(now, Math.min(breaker.forMs * 2, settings.maxOpenMs), { ended: 1, failed: 1 });
  }
}

type Closed = Extract<Breaker, { kind: 'closed' }>;

function counted(breaker: Closed, { outcome, now }: { outcome: Outcome; now: number }, settings: BreakerSettings): Breaker {
  const hasFailed = outcome === 'failure';
  const slices = withResult(breaker.slices, hasFailed, Math.floor(now / (settings.windowMs / SLICES)));
  const { ended, failed } = hasFailed ? totalOf(slices) : NONE;
  const opens = hasFailed && ended >= settings.minimumRequests && failed >= ended * settings.failureRate;
  return opens ? opened(now, settings.openMs, { ended, failed }) : { ...breaker, slices };
}

const NONE: Share = { ended: 0, failed: 0 };

function opened(now: number, forMs: number, because: Share): Breaker {
  return { kind: 'open', until: now + forMs, forMs, because };
}

/** Without the slices that the window has left behind. */
function withResult(slices: readonly Slice[], hasFailed: boolean, nth: number): readonly Slice[] {
  const kept = slices.filter((slice) => slice.nth > nth - SLICES);
  const last = kept.at(-1)?.nth === nth ? kept.pop() : undefined;
  return [...kept, { nth, ended: (last?.ended ?? 0) + 1, failed: (last?.failed ?? 0) + (hasFailed ? 1 : 0) }];
}

function totalOf(slices: readonly Slice[]): Share {
  return slices.reduce((sum, { ended, failed }) => ({ ended: sum.ended + ended, failed: sum.failed + failed }), { ended: 0, failed: 0 });
}
