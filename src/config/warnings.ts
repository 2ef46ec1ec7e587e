// What in a valid configuration cannot be what was meant? `freshet check` prints it: what, where, why, and what to do.
import { effectiveRoutes } from './effective.ts';
import type { Path } from './problems.ts';
import { routeWarnings, stores } from './route-warnings.ts';
import type { FileSettings } from './schema.ts';
import { tagWarnings } from './tag-warnings.ts';
import { formatDuration } from './units.ts';

export interface Warning {
  readonly path: Path;
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

export function warningsOf(file: FileSettings): readonly Warning[] {
  const routes = effectiveRoutes(file);
  return [
    ...routes.flatMap((route) => routeWarnings(route, { reachable: canBePurged(file) })),
    ...tagWarnings(file, routes),
    ...unaudited(file),
    ...(file.purge.settle > 0 && !routes.some(stores)
      ? [
          {
            path: ['purge', 'settle'],
            what: `${formatDuration(file.purge.settle)}, but no route stores anything`,
            why: 'it keeps answers out of the store after a purge, and every route passes',
            todo: 'leave it out, or let a route store (strategy: purge)',
          },
        ]
      : []),
  ];
}

/** The auditor leaves half of the connections of each worker to clients. */
function unaudited({ audit, origins, workers }: FileSettings): readonly Warning[] {
  if (audit === undefined) return [];
  return Object.entries(origins)
    .filter(([, { connections }]) => connections <= workers)
    .map(([name, { connections }]) => ({
      path: ['origins', name, 'connections'],
      what: `${connections} for ${workers === 1 ? 'one worker' : `${workers} workers`}, and audit is on: nothing of ${name} is audited`,
      why: 'an audit leaves half of the connections of its worker free for clients',
      todo: `at least ${2 * workers} connections, or no audit`,
    }));
}

/** Three lines each. */
export function describeWarnings(warnings: readonly Warning[], placeOf: (path: Path) => string): readonly string[] {
  return warnings.flatMap(({ path, what, why, todo }) => [`  - ${placeOf(path)}: ${what}`, `      why: ${why}`, `      do:  ${todo}`]);
}

/** Whether anything but the clock can end an entry. */
function canBePurged({ admin, purge, events, routes, defaults }: FileSettings): boolean {
  const { token = '' } = purge;
  return (
    admin.listen !== false || token !== '' || events.rules.length > 0 || [defaults, ...routes].some(({ invalidates = [] }) => invalidates.length > 0)
  );
}
