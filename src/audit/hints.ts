// Why did no purge end an entry that its origin has left behind? From what was purged lately and what the configuration purges by, as sentences.
import type { Config } from '../config/config.ts';
import { nearest } from '../config/nearest.ts';
import { formatDuration } from '../config/units.ts';
import { type DeclaredEnder, declaredEnders } from '../map/declared.ts';
import type { PurgeRecord } from '../purge/purge-log.ts';
import { covers, familyOf } from '../rules/tag-families.ts';
import type { Difference } from './record.ts';

/** Something that purges, and the family of tags that it names. */
export interface Rule {
  readonly what: string;
  readonly family: string;
}

/** As the map knows them: write routes, rules of events, callers. */
export function rulesOf(config: Config): readonly Rule[] {
  return declaredEnders(config).map((ender) => ({ what: wordsOf(ender), family: ender.family }));
}

function wordsOf({ kind, name }: DeclaredEnder): string {
  switch (kind) {
    case 'write':
      return `invalidates of ${name}`;
    case 'event':
      return `the event ${name}`;
    case 'caller':
      return `the caller ${name}`;
  }
}

export interface Known {
  /** Newest first. */
  readonly purges: readonly PurgeRecord[];
  readonly rules: readonly Rule[];
  readonly windowMs: number;
}

export interface Hints {
  /** What was purged lately that looks like it. */
  readonly why: readonly string[];
  /** What purges such a tag, or that nothing does. */
  readonly rule: string;
}

export function hintsOf(difference: Difference, known: Known): Hints {
  const { tags, fetchedAt } = difference;
  const done = { ...known, purges: known.purges.filter(({ state }) => state !== 'refused') };
  const refused = known.purges.filter(({ state, at }) => state === 'refused' && at > fetchedAt);
  return {
    why: [...refusedOf(tags, refused), ...early(difference, done), ...misspelt(difference, done), ...others(difference, done)],
    rule: ruleOf(tags, known.rules),
  };
}

const MOST_NAMED = 3;

/** Somebody meant to end it, and was told no. */
function refusedOf(tags: readonly string[], refused: readonly PurgeRecord[]): readonly string[] {
  const tag = distinct(refused).find((named) => tags.includes(named));
  return tag === undefined ? [] : [`a purge of ${tag} was refused while it was stored: whoever asked must try again (freshet_purges_total has why)`];
}

/** Purged just before it was fetched: the purge may have come before its commit. */
function early({ tags, fetchedAt }: Difference, { purges, windowMs }: Known): readonly string[] {
  const before = purges.find(({ at, what }) => at <= fetchedAt && fetchedAt - at <= windowMs && tagsIn(what).some((tag) => tags.includes(tag)));
  if (before === undefined) return [];
  const tag = tagsIn(before.what).find((named) => tags.includes(named)) ?? '';
  const ms = formatDuration(Math.round(fetchedAt - before.at));
  return [`${tag} was purged ${ms} before the entry was fetched: a purge that comes before its commit, or a replica that lags (settle) leaves it so`];
}

function misspelt(difference: Difference, { purges }: Known): readonly string[] {
  const { tags, fetchedAt } = difference;
  const named = distinct(purges.filter(({ at }) => at > fetchedAt)).filter((tag) => !tags.includes(tag));
  const slips = named.flatMap((tag) => {
    const meant = tags.find((own) => isSlip(tag, own));
    return meant === undefined ? [] : [`${tag} was purged while it was stored: was ${meant} meant?`];
  });
  return slips.slice(0, MOST_NAMED);
}

/** The same thing spelled otherwise, not another thing of the kind: `prodct:42`, `product-42` and `Product:42` for `product:42`, never `product:43`. */
function isSlip(found: string, meant: string): boolean {
  const [a, b] = [partsOf(found), partsOf(meant)];
  if (a.id === b.id) return nearest(a.family, [b.family]) !== undefined;
  return a.family === b.family && !/\d/.test(a.id + b.id) && nearest(a.id, [b.id]) !== undefined;
}

/** What stands before the last separator, and what it is about: nothing where there is none. */
function partsOf(tag: string): { readonly family: string; readonly id: string } {
  const [, family = tag, id = ''] = /^(.+)[:/=_.-]([^:/=_.-]*)$/.exec(tag) ?? [];
  return { family, id };
}

function others(difference: Difference, { purges }: Known): readonly string[] {
  const { tags, fetchedAt } = difference;
  const named = distinct(purges.filter(({ at }) => at > fetchedAt)).filter((tag) => !tags.includes(tag) && !tags.some((own) => isSlip(tag, own)));
  if (named.length === 0) return [];
  const more = named.length > MOST_NAMED ? ` and ${named.length - MOST_NAMED} more` : '';
  return [
    `purged while it was stored, and none of its tags: ${named.slice(0, MOST_NAMED).join(', ')}${more}; if it shows one of them, it lacks that tag`,
  ];
}

function distinct(purges: readonly PurgeRecord[]): readonly string[] {
  return [...new Set(purges.flatMap(({ what }) => tagsIn(what)))];
}

/** As purge-log.ts writes them; a purge of versions names tags as well. */
function tagsIn(what: string): readonly string[] {
  return what.split(' ').flatMap((word) => {
    const [, tag, versioned] = /^(?:tag=(.+)|version=(.+)=\d+)$/.exec(word) ?? [];
    return tag ?? versioned ?? [];
  });
}

function ruleOf(tags: readonly string[], rules: readonly Rule[]): string {
  if (tags.length === 0) return 'it has no tags: only a purge of its URL, a prefix, its scope or a cache group could have ended it';
  const purging = rules.filter(({ family }) => tags.some((tag) => covers(family, tag)));
  const families = [...new Set(tags.map(familyOf))].slice(0, MOST_NAMED).join(', ');
  if (purging.length === 0)
    return `nothing in the configuration purges ${families}: name it in invalidates where it is written, in events.rules, or in purge.callers if the application does`;
  return `${[...new Set(purging.map(({ what }) => what))].join(', ')} would have purged it: the write went another way, or what it names is not what this shows`;
}
