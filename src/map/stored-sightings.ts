// What was stored on each route, with which tags and for how long, and what was refused and why? Told on the fill path only, never by a hit. One for each thread.
import { z } from 'zod';
import { ownText } from '../http/own-text.ts';
import type { EntryRefused, EntryStored, FillListener } from '../observe/fill-listener.ts';
import type { Config } from '../config/config.ts';
import { declaredFamilies } from './declared.ts';
import { isWidened } from '../rules/tag-families.ts';
import { FamilyTable, Naming } from './family-table.ts';
import { addLifetime, joinLifetimes, LIFETIMES, noLifetimes } from './lifetimes.ts';
import type { TagSketch } from './tag-sketch.ts';

const FAMILY_SEEN = z.object({ tags: z.number(), examples: z.array(z.string()), lifetimes: LIFETIMES });
export type FamilySeen = z.output<typeof FAMILY_SEEN>;

export const ROUTE_SEEN = z.object({
  /** Fills, and validations by 304. */
  stored: z.number(),
  /** Of these, without any tag of their own, or without a validator. */
  untagged: z.number(),
  unvalidated: z.number(),
  untaggedExamples: z.array(z.string()),
  untaggedLifetimes: LIFETIMES,
  lifetimes: LIFETIMES,
  families: z.record(z.string(), FAMILY_SEEN),
  /** Tags for whose family there was no room. */
  unplaced: z.number(),
  refused: z.record(z.string(), z.number()),
  /** Refused since they vary on a credential under scope public, by its field. */
  variesOn: z.record(z.string(), z.number()),
  variesExamples: z.array(z.string()),
});
export type RouteSeen = z.output<typeof ROUTE_SEEN>;
export type RoutesSeen = ReadonlyMap<string, RouteSeen>;

/** Of one route. */
export const MOST_FAMILIES = 64;
/** Of one response: who finds no room looks at all there is, and a fill must not wait for hundreds of those. What comes behind them counts as unplaced. */
const MOST_MISSES = 32;
/** Those of the configuration, and as many that a reload has taken away as there is room for. */
const MOST_ROUTES = 1_024;
const EXAMPLES = 3;
const EXAMPLE_LENGTH = 100;

interface Route extends Omit<RouteSeen, 'families' | 'unplaced'> {
  readonly table: FamilyTable<FamilySeen>;
}

export interface SightingsParts {
  readonly config: Config;
  readonly sketch: TagSketch;
}

export class StoredSightings implements FillListener {
  readonly #sketch: TagSketch;
  readonly #routes = new Map<string, Route>();
  #naming: Naming;
  #declared: ReadonlySet<string>;

  constructor({ config, sketch }: SightingsParts) {
    this.#sketch = sketch;
    this.#declared = new Set(declaredFamilies(config));
    this.#naming = new Naming([...this.#declared]);
  }

  /** What the configuration names is a family from now on. */
  reconfigure(config: Config): void {
    this.#declared = new Set(declaredFamilies(config));
    this.#naming = new Naming([...this.#declared]);
    for (const { table } of this.#routes.values()) table.declare(this.#declared);
  }

  entryStored({ route: name, path, tags, tagIds, lifetimeMs, canValidate }: EntryStored): void {
    this.#sketch.add(tagIds);
    const route = this.#routeOf(name);
    if (route === undefined) return;
    route.stored++;
    addLifetime(route.lifetimes, lifetimeMs);
    if (!canValidate) route.unvalidated++;
    if (tags.length === 0) {
      route.untagged++;
      addLifetime(route.untaggedLifetimes, lifetimeMs);
      note(route.untaggedExamples, path);
    }
    let misses = 0;
    for (const [at, tag] of tags.entries()) {
      const family = route.table.find(this.#naming.nameOf(tag));
      if (family === undefined && ++misses === MOST_MISSES) {
        route.table.unplaced += tags.length - at - 1;
        return;
      }
      if (family === undefined) continue;
      family.tags++;
      addLifetime(family.lifetimes, lifetimeMs);
      note(family.examples, tag);
    }
  }

  entryRefused({ route: name, path, reason, credentials }: EntryRefused): void {
    const route = this.#routeOf(name);
    if (route === undefined) return;
    route.refused[reason] = (route.refused[reason] ?? 0) + 1;
    for (const field of credentials) {
      route.variesOn[field] = (route.variesOn[field] ?? 0) + 1;
      note(route.variesExamples, path);
    }
  }

  get seen(): RoutesSeen {
    return new Map(
      [...this.#routes].map(([name, { table, ...route }]) => [
        name,
        { ...route, families: Object.fromEntries(table.entries), unplaced: table.unplaced },
      ]),
    );
  }

  #routeOf(name: string): Route | undefined {
    const known = this.#routes.get(name);
    if (known !== undefined || this.#routes.size >= MOST_ROUTES) return known;
    const made = newRoute(this.#declared);
    this.#routes.set(name, made);
    return made;
  }
}

/** What several threads have seen under `config`. */
export function seenTogether(several: readonly RoutesSeen[], config: Config): RoutesSeen {
  const declared = new Set(declaredFamilies(config));
  const together = new Map<string, Route>();
  for (const one of several) {
    for (const [name, from] of one) {
      const into = together.get(name) ?? newRoute(declared);
      together.set(name, into);
      joinRoute(into, from);
    }
  }
  return new Map(
    [...together].map(([name, { table, ...route }]) => [name, { ...route, families: Object.fromEntries(table.entries), unplaced: table.unplaced }]),
  );
}

function joinRoute(into: Route, from: RouteSeen): void {
  into.stored += from.stored;
  into.untagged += from.untagged;
  into.unvalidated += from.unvalidated;
  for (const path of from.untaggedExamples) note(into.untaggedExamples, path);
  for (const path of from.variesExamples) note(into.variesExamples, path);
  joinLifetimes(into.untaggedLifetimes, from.untaggedLifetimes);
  joinLifetimes(into.lifetimes, from.lifetimes);
  joinCounts(into.refused, from.refused);
  joinCounts(into.variesOn, from.variesOn);
  into.table.unplaced += from.unplaced;
  for (const [family, seen] of Object.entries(from.families)) {
    const place = into.table.find(family, isWidened(family, seen.examples));
    if (place !== undefined) joinFamily(place, seen);
  }
}

function joinCounts(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(from)) into[name] = (into[name] ?? 0) + count;
}

function newRoute(declared: ReadonlySet<string>): Route {
  return {
    stored: 0,
    untagged: 0,
    unvalidated: 0,
    untaggedExamples: [],
    untaggedLifetimes: noLifetimes(),
    lifetimes: noLifetimes(),
    refused: {},
    variesOn: {},
    variesExamples: [],
    table: new FamilyTable({ most: MOST_FAMILIES, declared, make: newFamily, join: joinFamily }),
  };
}

function newFamily(): FamilySeen {
  return { tags: 0, examples: [], lifetimes: noLifetimes() };
}

function joinFamily(into: FamilySeen, from: FamilySeen): void {
  into.tags += from.tags;
  for (const tag of from.examples) note(into.examples, tag);
  joinLifetimes(into.lifetimes, from.lifetimes);
}

/** The first few, each once and short: their text is their own, of a head that would be kept alive. */
export function note(examples: string[], text: string): void {
  if (examples.length >= EXAMPLES) return;
  const own = ownText(text.slice(0, EXAMPLE_LENGTH));
  const short = text.length > EXAMPLE_LENGTH ? `${own}…` : own;
  if (!examples.includes(short)) examples.push(short);
}
