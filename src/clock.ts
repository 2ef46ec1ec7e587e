// The one source of instants. Time is an argument everywhere else (STYLE: `handle` and `origin` read it, rules never do).

/** Tells the time. Instants are wall-clock milliseconds since the Unix epoch, counted from a monotonic base. */
export interface Clock {
  now(): number;
  /** One instant in shared memory, where the clock is what somebody writes there: then other threads can have it too. */
  readonly instant?: Float64Array;
}

/** The machine's own time, steps and all: for what the world outside dates, such as a token's end. A suspended machine has slept through it. */
export const wallClock: Clock = { now: () => Date.now() };

/** The system's clock: a step of the wall clock neither expires nor revives anything, since only the base was read from it. All threads count from the same. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
};

/** For tests: stands where somebody has put it, in every thread. */
export function instantClock(instant: Float64Array): Clock {
  return { now: () => instant[0] as number, instant };
}
