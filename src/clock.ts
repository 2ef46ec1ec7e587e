// The one source of instants. Time is an argument everywhere else (STYLE: `handle` and `origin` read it, rules never do).

/** Tells the time. Instants are wall-clock milliseconds since the Unix epoch, counted from a monotonic base. */
export interface Clock {
  now(): number;
}

/** The system's clock: a step of the wall clock neither expires nor revives anything, since only the base was read from it. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
};
