// One question under way and one queued: whoever asks meanwhile shares the next, which is sent after all of them asked.

export function batched(ask: () => Promise<boolean>): () => Promise<boolean> {
  let running: Promise<boolean> | undefined;
  let queued: Promise<boolean> | undefined;
  const start = (): Promise<boolean> => {
    queued = undefined;
    running = ask().catch(() => false);
    void running.then(() => (running = undefined));
    return running;
  };
  return () => {
    if (running === undefined) return start();
    queued ??= running.then(start);
    return queued;
  };
}
