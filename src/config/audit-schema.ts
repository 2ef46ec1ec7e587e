// The settings of the auditor: how many hits it compares with the origin, and what that may cost.
import type { z } from 'zod';
import { JSON_PATH_ALLOWED, type JsonPath, parseJsonPath } from './json-path.ts';
import type { AuditConfig } from './config.ts';
import { duration, given, integer, list, optional, percent, rate, section, type Setting, size, text } from './setting.ts';

const KIB = 1024;

export const audit = section({
  sample: optional(percent({ about: 'Of the hits, the share that is compared with the origin.', default: '0.1%' })),
  ignore: optional(
    list(jsonPath({ about: 'A path.' }), {
      about: 'Paths into JSON bodies, such as $.generated_at or $.items[*].seen_at, that may differ from answer to answer.',
      default: [],
    }),
  ),
  window: optional(
    duration({ about: 'How long after a difference was seen its purge may come.', default: '10s' }, { leastMs: 100, mostMs: 3_600_000 }),
  ),
  budget: optional(rate({ about: 'Origin requests of the auditor, a second. Shared out among workers.', default: '10/s' })),
  concurrency: optional(
    integer({ about: 'Of them under way at once. Shared out among workers, each at least 1.', default: 2 }, { least: 1, most: 64 }),
  ),
  // More than that would take the thread that serves some 10 ms to hand over (audit/compare-thread.ts).
  max_body: optional(size({ about: 'Larger bodies are not compared.', default: '256KiB' }, { leastBytes: KIB, mostBytes: 2 * KIB * KIB })),
});

function jsonPath(about: { readonly about: string }): Setting<JsonPath> {
  return text({ allowed: JSON_PATH_ALLOWED, read: (written) => given(parseJsonPath(written)) }, about);
}

export function auditOf({ sample, ignore, window, budget, concurrency, max_body: maxBodyBytes }: z.output<typeof audit>): AuditConfig {
  return { sample, ignore, windowMs: window, ratePerSecond: budget, concurrency, maxBodyBytes };
}
