// What became of a purge, as far as the threads together know.

/** Bits. */
export const FATE = {
  /** An entry with its mark was found. */
  met: 1,
  /** What is missing of what it did is told elsewhere, or nowhere. */
  partly: 2,
  /** The sweeps of all threads have been round since. */
  swept: 4,
  /** It was confirmed here, to whoever asked for it. */
  operator: 8,
  event: 16,
  write: 32,
} as const;
