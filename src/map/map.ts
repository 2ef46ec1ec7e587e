// The invalidation map: which routes emit which families of tags, and who ends each of them. From the configuration, and from what was seen where there is any.
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { isOn } from '../rules/event-types.ts';
import { STRATEGIES, type Route } from '../rules/routes.ts';
import { covers, familyOf, familyOfTemplate, hasName, isWidened } from '../rules/tag-families.ts';
import { type DeclaredEnder, declaredEnders, mayStore, mayWrite } from './declared.ts';
import { FINDING, findingsOf } from './findings.ts';
import { type Lifetimes, medianOf } from './lifetimes.ts';
import type { EventsSeen } from './event-sightings.ts';
import type { FamilyPurged, Purged, PurgesSeen } from './purge-sightings.ts';
import type { FamilySeen, RouteSeen, RoutesSeen } from './stored-sightings.ts';

const FRESH = z.object({ leastSeconds: z.number(), medianSeconds: z.number(), mostSeconds: z.number() });

const EMITTED = z.object({
  family: z.string(),
  /** As the route has it. Absent: only seen. */
  template: z.string().optional(),
  seen: z.object({ tags: z.number(), examples: z.array(z.string()), fresh: FRESH }).optional(),
});

const ROUTE = z.object({
  name: z.string(),
  origin: z.string(),
  strategy: z.enum(STRATEGIES).optional(),
  scope: z.string(),
  stores: z.boolean(),
  /** The route's own, used where the origin is silent. */
  ttlSeconds: z.number().optional(),
  emits: z.array(EMITTED),
  /** Families that a write here ends. */
  ends: z.array(z.string()),
  seen: z
    .object({
      stored: z.number(),
      untagged: z.number(),
      unvalidated: z.number(),
      fresh: FRESH.optional(),
      refused: z.record(z.string(), z.number()),
      urlPurges: z.number(),
      /** Of prefixes and scopes, which may have ended something of it. */
      widePurges: z.number(),
      unplacedTags: z.number(),
    })
    .optional(),
});

const PURGED = z.object({ purges: z.number(), met: z.number(), lastAt: z.string() });

const ENDER = z.object({
  kind: z.enum(['write', 'event', 'caller']),
  name: z.string(),
  /** Absent: only seen. */
  template: z.string().optional(),
  seen: PURGED.optional(),
});

const FAMILY = z.object({
  family: z.string(),
  emittedBy: z.array(z.string()),
  /** Tags of it that were stored. */
  stored: z.number().optional(),
  endedBy: z.array(ENDER),
  seen: PURGED.extend({ examples: z.array(z.string()), others: z.number() }).optional(),
});

export const MAP = z.object({
  /** Absent: from the configuration alone. */
  seen: z
    .object({
      since: z.string(),
      seconds: z.number(),
      threads: z.number(),
      purges: z.object({ prefixes: z.number(), scopes: z.number(), groups: z.number(), all: z.number(), unplacedTags: z.number() }),
      /** That no rule was for. */
      unmatchedEvents: z.number(),
    })
    .optional(),
  routes: z.array(ROUTE),
  families: z.array(FAMILY),
  findings: z.array(FINDING),
});

export type InvalidationMap = z.output<typeof MAP>;
export type MapRoute = z.output<typeof ROUTE>;
export type MapFamily = z.output<typeof FAMILY>;
export type Ender = z.output<typeof ENDER>;
export type Fresh = z.output<typeof FRESH>;

/** What a running Freshet has seen. Instants are epoch ms. */
export interface Observations {
  readonly since: number;
  readonly now: number;
  readonly threads: number;
  readonly routes: RoutesSeen;
  readonly purges: PurgesSeen;
  readonly events: EventsSeen;
}

export function invalidationMap(config: Config, seen?: Observations): InvalidationMap {
  const all = [...config.routes, config.defaultRoute];
  const routes = all.map((route) => mapRoute(route, seen)).filter((route) => route.name !== 'default' || matters(route));
  const { families, wide } = mapFamilies(routes, declaredEnders(config), seen);
  const map = { ...(seen === undefined ? {} : { seen: headOf(seen) }), routes, families: [...families] };
  return { ...map, findings: findingsOf({ config, map, seen, wide }) };
}

/** What is for requests that no route takes is there where it says something. */
function matters({ emits, ends, seen }: MapRoute): boolean {
  return emits.length > 0 || ends.length > 0 || (seen !== undefined && (seen.stored > 0 || Object.keys(seen.refused).length > 0));
}

function headOf({ since, now, threads, purges, events }: Observations): NonNullable<InvalidationMap['seen']> {
  const { prefixes, scopes, groups, all, unplaced } = purges;
  const unmatchedEvents = [...events.unmatched.values()].reduce((sum, { count }) => sum + count, events.unplaced);
  const seconds = Math.max(0, Math.round((now - since) / 1_000));
  return { since: instant(since), seconds, threads, purges: { prefixes, scopes, groups, all, unplacedTags: unplaced }, unmatchedEvents };
}

function mapRoute(route: Route, observed: Observations | undefined): MapRoute {
  const { name, origin, strategy, policy, scope, tags, invalidates } = route;
  const seen = observed?.routes.get(name);
  const stores = mayStore(route);
  return {
    name,
    origin,
    ...(strategy === undefined ? {} : { strategy }),
    scope: scope.kind,
    stores,
    ...(stores && policy.ttlMs !== undefined ? { ttlSeconds: policy.ttlMs / 1_000 } : {}),
    emits: stores ? emitted(tags, seen) : [],
    ends: mayWrite(route) ? distinct(invalidates.map(familyOfTemplate)) : [],
    ...(observed === undefined
      ? {}
      : { seen: routeSeen(seen, { urls: observed.purges.urls.get(name) ?? 0, wide: observed.purges.wide.get(name) ?? 0 }) }),
  };
}

function routeSeen(seen: RouteSeen | undefined, purges: { readonly urls: number; readonly wide: number }): NonNullable<MapRoute['seen']> {
  const { stored = 0, untagged = 0, unvalidated = 0, refused = {}, unplaced = 0, lifetimes } = seen ?? {};
  return {
    stored,
    untagged,
    unvalidated,
    ...(lifetimes === undefined || stored === 0 ? {} : { fresh: freshOf(lifetimes) }),
    refused,
    urlPurges: purges.urls,
    widePurges: purges.wide,
    unplacedTags: unplaced,
  };
}

function emitted(templates: readonly string[], seen: RouteSeen | undefined): MapRoute['emits'] {
  const left = new Map(Object.entries(seen?.families ?? {}));
  const declared = templates.map((template) => {
    const family = familyOfTemplate(template);
    const found = left.get(family);
    left.delete(family);
    return { family, template, ...(found === undefined ? {} : { seen: tagsSeen(found) }) };
  });
  const others = [...left].map(([family, found]) => ({ family, seen: tagsSeen(found) }));
  return [...declared, ...others.toSorted((a, b) => b.seen.tags - a.seen.tags || compare(a.family, b.family))];
}

function tagsSeen({ tags, examples, lifetimes }: FamilySeen): { tags: number; examples: string[]; fresh: Fresh } {
  return { tags, examples: [...examples], fresh: freshOf(lifetimes) };
}

interface Families {
  readonly families: readonly MapFamily[];
  /** Those whose `*` is any word: the configuration says so, or words were seen there. */
  readonly wide: ReadonlySet<string>;
}

/** There may be thousands, and whoever scrapes waits: what is looked up for each is put in order once. */
function mapFamilies(routes: readonly MapRoute[], enders: readonly DeclaredEnder[], seen: Observations | undefined): Families {
  const purged = seen?.purges.families ?? new Map<string, FamilyPurged>();
  const emitters = new Map<string, Emitter[]>();
  for (const { name, emits } of routes)
    for (const { family, seen: tags } of emits) {
      const known = emitters.get(family) ?? [];
      known.push({ name, tags: tags?.tags ?? 0, examples: tags?.examples ?? [] });
      emitters.set(family, known);
    }
  const names = distinct([...emitters.keys(), ...enders.map(({ family }) => family), ...purged.keys()]);
  const declared = new Set([...enders, ...routes.flatMap(declaredOf)].map(({ family }) => family));
  const examplesOf = (family: string): readonly string[] => [
    ...(emitters.get(family) ?? []).flatMap(({ examples }) => examples),
    ...(purged.get(family)?.examples ?? []),
  ];
  const wide = new Set(names.filter((family) => hasName(family) && (declared.has(family) || isWidened(family, examplesOf(family)))));
  const around = {
    emitters,
    enders,
    purged,
    isSeen: seen !== undefined,
    declared,
    wide,
    widePurged: [...purged.keys()].filter((one) => wide.has(one)),
  };
  return { families: names.toSorted(compare).map((family) => mapFamily(family, around)), wide };
}

interface Emitter {
  /** Of the route. */
  readonly name: string;
  readonly tags: number;
  readonly examples: readonly string[];
}

interface Around extends Enders {
  readonly emitters: ReadonlyMap<string, readonly Emitter[]>;
  readonly isSeen: boolean;
}

function mapFamily(family: string, around: Around): MapFamily {
  const { emitters, purged, isSeen } = around;
  const emitting = emitters.get(family) ?? [];
  const own = purged.get(family);
  return {
    family,
    emittedBy: distinct(emitting.map(({ name }) => name)),
    ...(isSeen ? { stored: emitting.reduce((sum, { tags }) => sum + tags, 0) } : {}),
    endedBy: endersOf(family, around),
    ...(own === undefined ? {} : { seen: { ...purgedOf(own), examples: [...own.examples], others: own.others } }),
  };
}

function declaredOf({ emits }: MapRoute): MapRoute['emits'] {
  return emits.filter(({ template }) => template !== undefined);
}

interface Enders {
  readonly enders: readonly DeclaredEnder[];
  readonly purged: ReadonlyMap<string, FamilyPurged>;
  /** Families that the configuration names: what was seen of each is its own. */
  readonly declared: ReadonlySet<string>;
  /** Families of any word, and those of them that were purged. */
  readonly wide: ReadonlySet<string>;
  readonly widePurged: readonly string[];
}

/** Those of the configuration, with what was seen of them; then those that were only seen. */
function endersOf(family: string, { enders, purged, declared, wide, widePurged }: Enders): Ender[] {
  const seen = new Map<string, Ender & { seen: z.output<typeof PURGED> }>();
  for (const other of wide.has(family) ? purged.keys() : new Set([family, ...widePurged])) {
    const isPart = !declared.has(other) && wide.has(family) && covers(family, other);
    const isWhole = !declared.has(family) && wide.has(other) && covers(other, family);
    if (other !== family && !isPart && !isWhole) continue;
    for (const one of purged.get(other)?.by.values() ?? []) {
      const key = `${one.kind} ${one.name}`;
      const before = seen.get(key);
      seen.set(key, { kind: one.kind, name: one.name, seen: before === undefined ? purgedOf(one) : joined([before.seen, purgedOf(one)]) });
    }
  }
  const ours = enders.filter((ender) => ender.family === family || covers(ender.family, family) || covers(family, ender.family));
  const named = ours.map(({ kind, name, template }): Ender => {
    const found = [...seen.values()].filter((one) => one.kind === kind && isSeenAs(one.name, { kind, name }));
    for (const one of found) seen.delete(`${one.kind} ${one.name}`);
    return { kind, name, template, ...(found.length === 0 ? {} : { seen: joined(found.map((one) => one.seen)) }) };
  });
  return [...named, ...seen.values()];
}

/** A caller is seen as an address and a reason; an event as its type, of which a rule may name several or a family. */
function isSeenAs(seen: string, { kind, name }: Pick<DeclaredEnder, 'kind' | 'name'>): boolean {
  if (kind === 'write') return seen === name;
  if (kind === 'caller') return seen === name || seen.startsWith(`${name} (`) || seen.endsWith(`(${familyOf(name)})`);
  return name.split(', ').some((on) => isOn(seen, on));
}

function joined(several: readonly z.output<typeof PURGED>[]): z.output<typeof PURGED> {
  return several.reduce((sum, one) => ({
    purges: sum.purges + one.purges,
    met: sum.met + one.met,
    lastAt: sum.lastAt > one.lastAt ? sum.lastAt : one.lastAt,
  }));
}

function purgedOf({ count, met, lastAt }: Purged): z.output<typeof PURGED> {
  return { purges: count, met, lastAt: instant(lastAt) };
}

function freshOf(lifetimes: Lifetimes): Fresh {
  return { leastSeconds: secondsOf(lifetimes.least), medianSeconds: secondsOf(medianOf(lifetimes)), mostSeconds: secondsOf(lifetimes.most) };
}

function secondsOf(durationMs: number): number {
  return Math.round(durationMs / 100) / 10;
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
