// A history in one line.
import type { Verdict } from './check.ts';
import type { Script } from './drive.ts';

export function summary({ seed, inflight, workers = 1 }: Script, verdict: Verdict, tookMs: number): string {
  const { reads, answers, purges, hitRatio, violations, i2 } = verdict;
  return [
    `history: seed ${seed}, inflight ${inflight}, ${workers} thread${workers === 1 ? '' : 's'}: ${reads} reads, ${answers} answered whole, ${purges} purges confirmed`,
    `${(hitRatio * 100).toFixed(1)} % hits, ${violations.length} violations, ${i2} heads older than a purge at their commit (I2), ${(tookMs / 1000).toFixed(1)} s`,
  ].join('; ');
}
