// The flags of the command line that beat the file: put into its data before that is checked, so that one set of rules judges both.
import type { Path } from './problems.ts';

export interface Overrides {
  readonly origin?: string;
  readonly listen?: string;
  readonly admin?: string;
  readonly workers?: string;
}

/** The origin that `--origin` makes, or whose URL it replaces. */
export const FLAG_ORIGIN = 'default';

/** Top-level data that is not a map is left as it is: it is refused anyway. */
export function applyOverrides(data: unknown, overrides: Overrides): unknown {
  if (!isMap(data)) return data;
  const { origin, listen, admin, workers } = overrides;
  return {
    ...data,
    ...(listen !== undefined && { listen }),
    ...(workers !== undefined && { workers }),
    ...(admin !== undefined && { admin: { ...(isMap(data['admin']) && data['admin']), listen: admin } }),
    ...(origin !== undefined && { origins: withOrigin(data['origins'], origin) }),
  };
}

/** It comes first: it takes what names no origin. */
function withOrigin(data: unknown, url: string): unknown {
  if (data !== undefined && !isMap(data)) return data;
  const named = data?.[FLAG_ORIGIN];
  return {
    [FLAG_ORIGIN]: { ...(isMap(named) && named), url },
    ...Object.fromEntries(Object.entries(data ?? {}).filter(([name]) => name !== FLAG_ORIGIN)),
  };
}

/** The flag that gave what stands at `path`. */
export function flagOf(path: Path, overrides: Overrides): string | undefined {
  const place = path.join('.');
  if (overrides.listen !== undefined && place === 'listen') return '--listen';
  if (overrides.workers !== undefined && place === 'workers') return '--workers';
  if (overrides.admin !== undefined && place === 'admin.listen') return '--admin';
  return overrides.origin !== undefined && place === `origins.${FLAG_ORIGIN}.url` ? '--origin' : undefined;
}

function isMap(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
