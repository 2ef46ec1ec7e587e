// What counts for each route, and where in the file that was said: for what judges a configuration as a whole.
import { compilePattern, type PathPattern } from '../rules/routes.ts';
import type { Path } from './problems.ts';
import type { RouteSettings } from './route-schema.ts';
import { routeName } from './routes.ts';
import type { FileSettings } from './schema.ts';
import { layered, STRATEGY_TEXTS } from './strategies.ts';

export interface EffectiveRoute {
  readonly name: string;
  readonly at: Path;
  readonly pattern: PathPattern;
  readonly methods: readonly string[] | undefined;
  /** What stands at `at` itself. */
  readonly own: RouteSettings;
  readonly settings: ReturnType<typeof layered>;
  /** Where the value of a setting comes from. */
  readonly whereIs: (setting: keyof RouteSettings) => Path;
}

/** In the order of the file; last what is for requests that no route takes. */
export function effectiveRoutes({ routes, defaults }: FileSettings): readonly EffectiveRoute[] {
  const special = routes.map((entry, index) =>
    effective(entry, { name: routeName(entry), at: ['routes', index], pattern: entry.path, methods: entry.methods, defaults }),
  );
  const everything = compilePattern('/**');
  if (everything.kind === 'refuse') return special;
  return [...special, effective(defaults, { name: 'default', at: ['defaults'], pattern: everything.pattern, methods: undefined, defaults })];
}

interface Place extends Pick<EffectiveRoute, 'name' | 'at' | 'pattern' | 'methods'> {
  readonly defaults: RouteSettings;
}

function effective(own: RouteSettings, { defaults, ...place }: Place): EffectiveRoute {
  const whereIs = (setting: keyof RouteSettings): Path => {
    if (setting in own) return [...place.at, setting];
    if (presets(own, setting)) return [...place.at, 'strategy'];
    if (setting in defaults) return ['defaults', setting];
    return presets(defaults, setting) ? ['defaults', 'strategy'] : place.at;
  };
  return { ...place, own, settings: layered(own, defaults), whereIs };
}

function presets({ strategy }: RouteSettings, setting: keyof RouteSettings): boolean {
  return strategy !== undefined && STRATEGY_TEXTS[strategy].presets.some((preset) => preset.setting === setting);
}
