// What on the map is most likely a mistake: each with counts and examples, why it matters, and what to do.
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { nearestFamily } from '../config/nearest.ts';
import { covers } from '../rules/tag-families.ts';
import { medianOf } from './lifetimes.ts';
import { unmatchedEvents } from './event-findings.ts';
import type { InvalidationMap, MapFamily, MapRoute, Observations } from './map.ts';

/** Every kind there is; the metric has all of them from the start. */
export const FINDING_KINDS = [
  'untagged',
  'never-purged',
  'met-nothing',
  'unmatched-event',
  'ends-by-expiry',
  'shared-by-credential',
  'never-stored',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export const FINDING = z.object({
  kind: z.enum(FINDING_KINDS),
  /** A route, a family, or a type of events. */
  subject: z.string(),
  /** Stored responses, tags, purges or events that it is about; 0 where it is from the configuration alone. */
  count: z.number(),
  what: z.string(),
  why: z.string(),
  todo: z.string(),
  examples: z.array(z.string()),
  /** The family, or the type of events, that was probably meant. */
  nearest: z.string().optional(),
});
export type Finding = z.output<typeof FINDING>;

/** From here on something else than the clock should end an entry. */
const LONG_SECONDS = 600;
/** Below, an entry has ended by itself before anybody could have purged it. */
const SHORT_SECONDS = 60;
/** Before, purges that have not come may still come, and what they are of may still be stored. */
const PATIENCE_SECONDS = 600;
/** Of purges that named what was never stored so many at most have met something by the chance of the sketch. */
const BY_CHANCE = 0.05;
/** So many answers that were all refused are no accident. */
const MANY = 10;

interface Ground {
  readonly config: Config;
  readonly map: Omit<InvalidationMap, 'findings'>;
  readonly seen: Observations | undefined;
  /** Families whose `*` is any word. */
  readonly wide: ReadonlySet<string>;
}

/** So many names are compared for one map: where there are thousands of families, not all slips are told. */
const MOST_COMPARED = 5_000;

interface Looking extends Ground {
  readonly byName: ReadonlyMap<string, MapFamily>;
  readonly emitted: readonly string[];
  /** Purged, or to be, and emitted by nobody. */
  readonly onlyPurged: readonly string[];
  /** Names that may still be compared. */
  left: number;
}

/** Of several nodes each knows the names of those purges only that it was asked for: what was never purged none can say. */
export function findingsOf(given: Ground): Finding[] {
  const { families } = given.map;
  const ground: Looking = {
    ...given,
    byName: new Map(families.map((one) => [one.family, one])),
    emitted: families.filter(({ emittedBy }) => emittedBy.length > 0).map(({ family }) => family),
    onlyPurged: families.filter((one) => one.emittedBy.length === 0 && (isPurged(one) || one.endedBy.length > 0)).map(({ family }) => family),
    left: MOST_COMPARED,
  };
  const knowsAll = ground.seen === undefined || ground.config.redis === undefined;
  return [
    ...ground.map.routes.flatMap((route) => [
      ...untagged(route, ground),
      ...sharedByCredential(route, ground),
      ...neverStored(route),
      ...(knowsAll ? endsByExpiry(route, ground) : []),
    ]),
    ...ground.map.families.flatMap((family) => [...(knowsAll ? neverPurged(family, ground) : []), ...metNothing(family, ground)]),
    ...unmatchedEvents(ground, PATIENCE_SECONDS),
  ];
}

/** How many of each kind. */
export function countFindings(findings: readonly Finding[]): ReadonlyMap<FindingKind, number> {
  return new Map(FINDING_KINDS.map((kind) => [kind, findings.filter((finding) => finding.kind === kind).length]));
}

function untagged(route: MapRoute, { config, seen }: Ground): readonly Finding[] {
  const found = seen?.routes.get(route.name);
  if (found === undefined || found.untagged === 0 || route.strategy === 'revalidate') return [];
  const lived = medianOf(found.untaggedLifetimes) / 1_000;
  if (lived < SHORT_SECONDS) return [];
  const { scope } = config.routes.find(({ name }) => name === route.name) ?? config.defaultRoute;
  const others = scope.kind === 'public' ? 'its URL, a prefix or a cache group' : 'its URL, a prefix, its scope or a cache group';
  return [
    {
      kind: 'untagged',
      subject: route.name,
      count: found.untagged,
      what: `${found.untagged} of ${found.stored} stored responses of ${route.name} without a tag, fresh for about ${spoken(lived)}`,
      why: `a purge by tag never ends them: only ${others} does, or the clock`,
      todo: 'tag them, by `tags` on the route or `Surrogate-Key` of the origin; or write strategy: revalidate where nobody purges them',
      examples: found.untaggedExamples,
    },
  ];
}

function sharedByCredential(route: MapRoute, { seen }: Ground): readonly Finding[] {
  const found = seen?.routes.get(route.name);
  if (found === undefined || route.scope !== 'public') return [];
  return Object.entries(found.variesOn).map(([field, count]) => ({
    kind: 'shared-by-credential',
    subject: route.name,
    count,
    what: `${count} answers of ${route.name} vary on ${field}, and its scope is public: they are not stored`,
    why: 'the origin says that they depend on who asks',
    todo: `scope: ${field === 'cookie' ? '{ credential: [cookie.NAME] }' : 'credential'}, or a list of claims; or leave ${field} out of Vary where it changes nothing`,
    examples: found.variesExamples,
  }));
}

function neverStored({ name, stores, strategy, ttlSeconds, seen }: MapRoute): readonly Finding[] {
  if (seen === undefined || !stores || seen.stored > 0 || (strategy === undefined && ttlSeconds === undefined)) return [];
  const reasons = Object.entries(seen.refused).toSorted(([, a], [, b]) => b - a);
  const count = reasons.reduce((sum, [, times]) => sum + times, 0);
  const [reason] = reasons[0] ?? [];
  if (reason === undefined || count < MANY) return [];
  return [
    {
      kind: 'never-stored',
      subject: name,
      count,
      what: `none of ${count} answers of ${name} was stored, mostly for ${reason}`,
      why: `the route says that they are (${strategy === undefined ? 'it has a ttl' : `strategy: ${strategy}`})`,
      todo: `README, Reasons: ${reason}; or strategy: pass, which costs less than trying`,
      examples: [],
    },
  ];
}

/** Tagged, and nothing has purged any of it: its tags, its URLs, a prefix, a scope or all. Where it lives long, that is said of its families. */
function endsByExpiry(route: MapRoute, { map, seen, byName }: Looking): readonly Finding[] {
  const { stored = 0, untagged: bare = 0, fresh } = route.seen ?? {};
  if (seen === undefined || fresh === undefined || map.seen === undefined || map.seen.seconds < PATIENCE_SECONDS) return [];
  // Which routes have something of a cache group nobody knows here.
  const isEnded = isEndedOtherwise(route, map) || route.emits.some(({ family }) => isPurged(byName.get(family)));
  const isSaid = route.strategy === 'revalidate' || bare === stored || fresh.medianSeconds >= LONG_SECONDS;
  if (isEnded || isSaid || fresh.medianSeconds < SHORT_SECONDS) return [];
  return [
    {
      kind: 'ends-by-expiry',
      subject: route.name,
      count: stored,
      what: `${stored} ${stored === 1 ? 'response' : 'responses'} of ${route.name} ${stored === 1 ? 'was' : 'were'} stored, fresh for about ${spoken(fresh.medianSeconds)}, and none was ever purged`,
      why: `their tags (${route.emits.map(({ family }) => family).join(', ')}) are never used: only the clock ends them`,
      todo: 'purge them where their data is written, and let them live longer; or write strategy: revalidate, which says so',
      examples: route.emits.flatMap(({ seen: tags }) => tags?.examples.slice(0, 1) ?? []),
    },
  ];
}

function neverPurged(family: MapFamily, ground: Looking): readonly Finding[] {
  const { map } = ground;
  const routes = map.routes.filter(
    (route) => family.emittedBy.includes(route.name) && route.strategy !== 'revalidate' && !isEndedOtherwise(route, map),
  );
  const lived = Math.max(0, ...routes.map((route) => livedSeconds(route, family.family)));
  if (lived < LONG_SECONDS || isPurged(family) || !isTime(family, map, lived)) return [];
  const near = nearestOf(family.family, ground.onlyPurged, ground);
  const examples = routes.flatMap(({ emits }) => emits.filter((one) => one.family === family.family).flatMap((one) => one.seen?.examples ?? []));
  return [
    {
      kind: 'never-purged',
      subject: family.family,
      count: family.stored ?? 0,
      what: `${neverPurgedText(family, map, lived)}${near === undefined ? '' : `; ${near} is purged`}`,
      why:
        family.endedBy.length > 0
          ? `${family.endedBy.map(enderText).join(' and ')} should where its data is written, and has not come`
          : 'no write, event or caller is known to: where no URL, prefix or scope is purged instead, a change of its data is not seen until the clock ends what carries it',
      todo: 'purge it where its data is written (invalidates, events.rules, or the application), or drop the tag',
      examples: examples.slice(0, 3),
      ...(near === undefined ? {} : { nearest: near }),
    },
  ];
}

/** By a purge of everything, of its URLs, or of a prefix, a scope or a cache group that may have had something of it. */
function isEndedOtherwise({ seen }: MapRoute, map: Ground['map']): boolean {
  const { all = 0, groups = 0 } = map.seen?.purges ?? {};
  return all + groups + (seen?.urlPurges ?? 0) + (seen?.widePurges ?? 0) > 0;
}

/**
 * From the configuration alone, where that says of anything who purges it: else all purges may come from elsewhere. Seen, after a while: where somebody is to
 * purge it, after the life of an entry, since perhaps nobody wrote.
 */
function isTime(family: MapFamily, { seen, families }: Ground['map'], lived: number): boolean {
  const patience = family.endedBy.length > 0 ? Math.max(PATIENCE_SECONDS, lived) : PATIENCE_SECONDS;
  if (seen !== undefined) return seen.seconds >= patience && (family.stored ?? 0) > 0;
  return family.endedBy.length === 0 && families.some(({ endedBy }) => endedBy.length > 0);
}

function neverPurgedText({ family, emittedBy, stored = 0 }: MapFamily, { seen }: Ground['map'], lived: number): string {
  const by = emittedBy.join(', ');
  if (seen === undefined) return `${family} is emitted by ${by}, whose answers are kept for about ${spoken(lived)}, and nothing purges it`;
  return `${stored} ${stored === 1 ? 'tag' : 'tags'} of ${family} ${stored === 1 ? 'was' : 'were'} stored (${by}), fresh for about ${spoken(lived)}, and none has been purged in ${spoken(seen.seconds)}`;
}

function metNothing(family: MapFamily, ground: Looking): readonly Finding[] {
  const { map, seen } = ground;
  const purged = seen?.purges.families.get(family.family);
  if (seen === undefined || purged === undefined || purged.met > purged.count * BY_CHANCE || (family.stored ?? 0) > 0 || isCarried(family, ground))
    return [];
  // What a route names is no slip of the hand: it was not stored yet.
  const near = family.emittedBy.length > 0 ? undefined : nearestOf(family.family, ground.emitted, ground);
  const forSeconds = (seen.now - purged.firstAt) / 1_000;
  if (near === undefined && forSeconds < PATIENCE_SECONDS) return [];
  const callers = family.endedBy.filter((ender) => ender.seen !== undefined).map(enderText);
  return [
    {
      kind: 'met-nothing',
      subject: family.family,
      count: purged.count,
      what: `${purged.count} ${purged.count === 1 ? 'purge' : 'purges'} of ${family.family} by ${callers.join(', ') || 'others'} met nothing: nothing so tagged was ever stored here${isWhole(map) ? '' : ', as far as there was room to tell'}${near === undefined ? '' : `; did they mean ${near}?`}`,
      why: 'such a purge is confirmed, and ends nothing: what it was for stays as it is',
      todo: near === undefined ? 'tag what it should end, or leave the purge out' : `write it as the responses are tagged: ${near}`,
      examples: purged.examples,
      ...(near === undefined ? {} : { nearest: near }),
    },
  ];
}

/** As another family that covers it, or that it covers. */
function isCarried({ family }: MapFamily, { map, wide }: Ground): boolean {
  const isWide = wide.has(family);
  return map.families.some(
    ({ family: other, stored = 0 }) => stored > 0 && ((isWide && covers(family, other)) || (wide.has(other) && covers(other, family))),
  );
}

/** Every tag that was stored has found room in its family. */
function isWhole(map: Ground['map']): boolean {
  return map.routes.every(({ seen }) => (seen?.unplacedTags ?? 0) === 0);
}

function isPurged(family: MapFamily | undefined): boolean {
  return family !== undefined && (family.seen !== undefined || family.endedBy.some(({ seen }) => seen !== undefined));
}

/** Of names that are about as long. */
function nearestOf(family: string, others: readonly string[], ground: Looking): string | undefined {
  if (ground.left === 0) return undefined;
  const names = others.filter((name) => name !== family && Math.abs(name.length - family.length) <= family.length / 3);
  const isTooMuch = names.length > ground.left;
  ground.left = isTooMuch ? 0 : ground.left - names.length;
  return isTooMuch ? undefined : nearestFamily(family, names);
}

function livedSeconds({ emits, ttlSeconds = 0 }: MapRoute, family: string): number {
  const emitted = emits.find((one) => one.family === family);
  return emitted === undefined ? 0 : (emitted.seen?.fresh.medianSeconds ?? ttlSeconds);
}

function enderText({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`;
}

/** In the largest unit that it fills. */
export function spoken(seconds: number): string {
  for (const [unit, length] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
  ] as const) {
    if (seconds >= length) return `${Math.round((seconds / length) * 10) / 10} ${unit}`;
  }
  return `${Math.round(seconds * 10) / 10} s`;
}
