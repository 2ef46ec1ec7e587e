// What was purged, by whom, and whether anything with that tag had been stored? Told by the one door of purges, in the thread that publishes them.
import type { Config } from '../config/config.ts';
import type { PurgeOrder } from '../purge/order.ts';
import { escaped } from '../purge/purge-log.ts';
import { familyOf } from '../rules/tag-families.ts';
import { matchRoute } from '../rules/routes.ts';
import { declaredFamilies, type EnderKind } from './declared.ts';
import { FamilyTable, Naming } from './family-table.ts';
import { mayBeOf, mayBeUnder } from './reach.ts';
import { note } from './stored-sightings.ts';

/** Of one caller, or of one family. */
export interface Purged {
  count: number;
  /** How many of them named something that had been stored. */
  met: number;
  firstAt: number;
  lastAt: number;
}

export interface FamilyPurged extends Purged {
  readonly examples: string[];
  /** By kind and name: `write /orders`. */
  readonly by: Map<string, Purged & { readonly kind: EnderKind; readonly name: string }>;
  /** Purges of more callers than there is room for. */
  others: number;
}

export interface PurgesSeen {
  readonly families: ReadonlyMap<string, FamilyPurged>;
  /** Tags for whose family there was no room. */
  readonly unplaced: number;
  /** Purges of URLs, by the route that answers a GET of them; of prefixes and scopes, by each route of which they may have ended something. */
  readonly urls: ReadonlyMap<string, number>;
  readonly wide: ReadonlyMap<string, number>;
  readonly prefixes: number;
  readonly scopes: number;
  readonly groups: number;
  readonly all: number;
}

export interface PurgeSightingsParts {
  readonly config: Config;
  /** Whether anything with this tag was stored lately: tag-sketch.ts. */
  readonly wasStored: (tag: string) => boolean;
}

const MOST_FAMILIES = 512;
const MOST_CALLERS = 16;
const NAME_LENGTH = 100;

export class PurgeSightings {
  readonly #wasStored: PurgeSightingsParts['wasStored'];
  readonly #families: FamilyTable<FamilyPurged>;
  readonly #urls = new Map<string, number>();
  readonly #wide = new Map<string, number>();
  #naming: Naming;
  #config: Config;
  #prefixes = 0;
  #scopes = 0;
  #groups = 0;
  #all = 0;

  constructor({ config, wasStored }: PurgeSightingsParts) {
    this.#wasStored = wasStored;
    this.#config = config;
    const declared = new Set(declaredFamilies(config));
    this.#naming = new Naming([...declared]);
    this.#families = new FamilyTable({ most: MOST_FAMILIES, declared, make: newFamily, join: joinFamily });
  }

  reconfigure(config: Config): void {
    this.#config = config;
    const declared = new Set(declaredFamilies(config));
    this.#naming = new Naming([...declared]);
    this.#families.declare(declared);
  }

  purged(order: PurgeOrder, at: number): void {
    for (const tag of new Set([...order.tags, ...order.versions.keys()])) this.#tagPurged(tag, order, at);
    for (const { authority, path, query } of order.urls) {
      const target = { scheme: 'http', authority: authority ?? '', path, query } as const;
      const { route } = matchRoute(this.#config.routes, this.#config.defaultRoute, { method: 'GET', target });
      increase(this.#urls, route.name);
    }
    const names = order.scopes.map(([name]) => name);
    for (const route of [...this.#config.routes, this.#config.defaultRoute]) {
      const isUnder = order.prefixes.some((prefix) => mayBeUnder(route, prefix));
      if (isUnder || (names.length > 0 && mayBeOf(route, names))) increase(this.#wide, route.name);
    }
    if (order.prefixes.length > 0) this.#prefixes++;
    if (order.scopes.length > 0) this.#scopes++;
    if (order.groups.length > 0) this.#groups++;
    if (order.all) this.#all++;
  }

  get seen(): PurgesSeen {
    const { entries, unplaced } = this.#families;
    return {
      families: entries,
      unplaced,
      urls: this.#urls,
      wide: this.#wide,
      prefixes: this.#prefixes,
      scopes: this.#scopes,
      groups: this.#groups,
      all: this.#all,
    };
  }

  #tagPurged(tag: string, order: PurgeOrder, at: number): void {
    const family = this.#families.find(this.#naming.nameOf(tag));
    if (family === undefined) return;
    const met = this.#wasStored(tag);
    count(family, { met, at });
    note(family.examples, tag);
    const caller = callerOf(order);
    const key = `${caller.kind} ${caller.name}`;
    let by = family.by.get(key);
    if (by === undefined && family.by.size < MOST_CALLERS) family.by.set(key, (by = { ...newPurged(), ...caller }));
    if (by === undefined) family.others++;
    else count(by, { met, at });
  }
}

/** Ids in a reason are `*`, so that each reason is one. */
function callerOf({ kind, actor, reason }: PurgeOrder): { readonly kind: EnderKind; readonly name: string } {
  // Its method goes before the name of its route, which may have methods of its own.
  if (kind === 'write') return { kind, name: actor.slice(actor.indexOf(' ') + 1) };
  if (kind === 'event') return { kind, name: escaped(/^(.*): events\.rules/s.exec(reason ?? '')?.[1] ?? reason ?? '', NAME_LENGTH) };
  const why = reason === undefined ? '' : ` (${familyOf(escaped(reason, NAME_LENGTH))})`;
  return { kind: 'caller', name: `${escaped(actor, NAME_LENGTH)}${why}` };
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function count(purged: Purged, { met, at }: { readonly met: boolean; readonly at: number }): void {
  purged.count++;
  if (met) purged.met++;
  purged.firstAt = Math.min(purged.firstAt, at);
  purged.lastAt = Math.max(purged.lastAt, at);
}

function newPurged(): Purged {
  return { count: 0, met: 0, firstAt: Infinity, lastAt: 0 };
}

function newFamily(): FamilyPurged {
  return { ...newPurged(), examples: [], by: new Map(), others: 0 };
}

function joinFamily(into: FamilyPurged, from: FamilyPurged): void {
  joinPurged(into, from);
  into.others += from.others;
  for (const tag of from.examples) note(into.examples, tag);
  for (const [key, by] of from.by) {
    const known = into.by.get(key);
    if (known !== undefined) joinPurged(known, by);
    else if (into.by.size < MOST_CALLERS) into.by.set(key, { ...by });
    else into.others += by.count;
  }
}

function joinPurged(into: Purged, from: Purged): void {
  into.count += from.count;
  into.met += from.met;
  into.firstAt = Math.min(into.firstAt, from.firstAt);
  into.lastAt = Math.max(into.lastAt, from.lastAt);
}
