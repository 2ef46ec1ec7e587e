// The strategies that a configuration uses, as `freshet check` prints them: each preset with its reason, and what was said beside it.
import { align } from './align.ts';
import { type EffectiveRoute, effectiveRoutes } from './effective.ts';
import { show } from './problems.ts';
import type { RouteSettings } from './route-schema.ts';
import type { FileSettings } from './schema.ts';
import { STRATEGIES, type Strategy } from '../rules/routes.ts';
import { type Preset, presetOf, STRATEGY_TEXTS } from './strategies.ts';
import { formatDuration } from './units.ts';

/** Lines, none where no strategy is named. */
export function describeStrategies(file: FileSettings): readonly string[] {
  const routes = effectiveRoutes(file);
  return STRATEGIES.flatMap((strategy) => {
    const users = routes.filter(({ own, settings }) => own.strategy === strategy || (settings.strategy === strategy && setsBeside(own, strategy)));
    return users.length === 0 ? [] : described(strategy, users, file.defaults);
  });
}

/** Who has the strategy of `defaults` is named where it sets something that it presets. */
function setsBeside(own: RouteSettings, strategy: Strategy): boolean {
  return own.strategy === undefined && STRATEGY_TEXTS[strategy].presets.some(({ setting }) => setting in own);
}

function described(strategy: Strategy, users: readonly EffectiveRoute[], defaults: RouteSettings): readonly string[] {
  const { about, presets } = STRATEGY_TEXTS[strategy];
  const rows = presets.map(({ setting, value, why }) => [`    ${setting}: ${value}`, why]);
  return [
    `  ${strategy}: ${about}`,
    ...align(rows).split('\n'),
    ...users.flatMap((user) => [`    on ${user.name}`, ...besides(user, presets, defaults)]),
  ];
}

function besides({ own, at }: EffectiveRoute, presets: readonly Preset[], defaults: RouteSettings): readonly string[] {
  const preset = presetOf(own.strategy);
  return presets.flatMap(({ setting, value }) => {
    if (setting in own) return [`      ${setting}: ${written(own[setting])} is said beside the strategy and wins over its ${value}`];
    const below = at[0] === 'defaults' || own.strategy === undefined ? undefined : defaults[setting];
    if (below === undefined || below === preset[setting]) return [];
    return [`      ${setting}: ${value} of the strategy wins over the ${written(below)} of \`defaults\``];
  });
}

/** Numbers among what strategies preset are durations. */
function written(value: RouteSettings[keyof RouteSettings]): string {
  return typeof value === 'number' ? formatDuration(value) : show(value).replace(/^"(.*)"$/, '$1');
}
