// Which settings does a `strategy` stand for, and why those? A preset goes over `defaults`; what a route sets itself goes over the preset.
import type { Strategy } from '../rules/routes.ts';
import { ROUTE_DEFAULTS, routeSettings, type RouteSettings } from './route-schema.ts';

/** `value` as it would be written. */
export interface Preset {
  readonly setting: keyof RouteSettings;
  readonly value: string | boolean;
  readonly why: string;
}

interface StrategyText {
  readonly about: string;
  readonly presets: readonly Preset[];
}

const STORED: Preset = { setting: 'pass', value: false, why: 'it is stored, whatever `defaults` say' };
const PURGES_END_HERE = 'browsers and caches in front are outside every purge, so they ask again each time';

export const STRATEGY_TEXTS: Readonly<Record<Strategy, StrategyText>> = {
  purge: {
    about: 'kept long, and ended by the purge of a tag',
    presets: [
      STORED,
      { setting: 'ttl', value: '1d', why: 'a purge ends it, not the clock; the day bounds what a purge that was forgotten can do' },
      {
        setting: 'stale_while_revalidate',
        value: '1m',
        why: 'what nobody has purged is as right a minute after its day as before; nobody waits for its refresh',
      },
      { setting: 'stale_if_error', value: '1h', why: 'likewise while the origin fails; what was purged is gone, and never served' },
      { setting: 'client_cache_control', value: 'no-cache', why: PURGES_END_HERE },
    ],
  },
  revalidate: {
    about: 'kept for seconds, then asked about again: for what nobody purges',
    presets: [
      STORED,
      { setting: 'ttl', value: '5s', why: 'the clock ends it, so this is how old an answer may be where somebody is asking all the time' },
      {
        setting: 'stale_while_revalidate',
        value: '30s',
        why: 'the first to come after that has the answer at once, and it is refreshed behind them',
      },
      { setting: 'stale_if_error', value: '5m', why: 'an origin that fails for a while is not noticed' },
      { setting: 'keep', value: '1d', why: 'with an ETag it is kept to be asked about: a 304 instead of the whole body' },
    ],
  },
  versioned: {
    about: 'stored only with a Surrogate-Version that is not behind: for what is read from replicas',
    presets: [
      STORED,
      { setting: 'store_unversioned', value: false, why: 'an answer that does not say how new it is could come from a replica that lags' },
      {
        setting: 'ttl',
        value: '1h',
        why: 'a version that a purge demanded is remembered for an hour at least, so nothing older is kept for longer than that',
      },
      { setting: 'stale_while_revalidate', value: '0s', why: 'nothing stale answers where the version counts' },
      { setting: 'stale_if_error', value: '0s', why: 'nor while the origin fails' },
      { setting: 'client_cache_control', value: 'no-cache', why: PURGES_END_HERE },
    ],
  },
  pass: {
    about: 'never stored: for what must be asked each time',
    presets: [{ setting: 'pass', value: true, why: 'nothing is looked up, collapsed or stored' }],
  },
};

/** What counts for a route: `own` over its strategy, over `defaults`, over theirs, over what is built in. */
export function layered(own: RouteSettings, defaults: RouteSettings): typeof ROUTE_DEFAULTS & RouteSettings {
  const below = own.strategy === undefined ? { ...presetOf(defaults.strategy), ...defaults } : { ...defaults, ...presetOf(own.strategy) };
  return { ...ROUTE_DEFAULTS, ...below, ...own };
}

/** Its settings as read. */
export function presetOf(strategy: Strategy | undefined): RouteSettings {
  if (strategy === undefined) return {};
  return routeSettings.parse(Object.fromEntries(STRATEGY_TEXTS[strategy].presets.map(({ setting, value }) => [setting, value])));
}

/** Which one describes what these settings do: none where the one that was named was undone. */
export function strategyOf({ strategy, pass }: RouteSettings): Strategy | undefined {
  if (strategy === undefined) return undefined;
  if (pass === true) return 'pass';
  return strategy === 'pass' ? undefined : strategy;
}
