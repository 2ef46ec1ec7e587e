// Do those who tag and those who purge speak of the same families? A tag that nothing ends, and a purge whose name is nearly that of a tag.
import { covers, familyOf, familyOfTemplate } from '../rules/tag-families.ts';
import type { EffectiveRoute } from './effective.ts';
import { nearestFamily } from './nearest.ts';
import type { Path } from './problems.ts';
import { mayWrite, stores } from './route-warnings.ts';
import type { FileSettings } from './schema.ts';
import type { Warning } from './warnings.ts';

interface Named {
  readonly template: string;
  readonly family: string;
  readonly path: Path;
}

export function tagWarnings(file: FileSettings, routes: readonly EffectiveRoute[]): readonly Warning[] {
  const emitted = distinct(routes.filter(stores).flatMap((route) => namedBy(route, 'tags')));
  // What is asked about again every few seconds need not be purged.
  const lasting = distinct(
    routes.filter((route) => stores(route) && route.settings.strategy !== 'revalidate').flatMap((route) => namedBy(route, 'tags')),
  );
  const ended = distinct([...routes.filter(mayWrite).flatMap((route) => namedBy(route, 'invalidates')), ...rulesOf(file), ...callersOf(file)]);
  return [...unended(lasting, ended, emitted), ...misnamed(ended, emitted), ...unread(file, ended, emitted), ...unversioned(file, routes)];
}

function namedBy({ settings, whereIs }: EffectiveRoute, setting: 'tags' | 'invalidates'): readonly Named[] {
  return settings[setting].map((template, index) => ({ template, family: familyOfTemplate(template), path: [...whereIs(setting), index] }));
}

function rulesOf({ events }: FileSettings): readonly Named[] {
  return events.rules.flatMap(({ purge }, rule) =>
    purge.map(({ source }, index) => ({ template: source, family: familyOfTemplate(source), path: ['events', 'rules', rule, 'purge', index] })),
  );
}

function callersOf({ purge }: FileSettings): readonly Named[] {
  return Object.entries(purge.callers).flatMap(([name, families]) =>
    families.map((template, index) => ({ template, family: familyOfTemplate(template), path: ['purge', 'callers', name, index] })),
  );
}

/** Each family where it is named first. */
function distinct(named: readonly Named[]): readonly Named[] {
  return named.filter(({ family }, index) => named.findIndex((other) => other.family === family) === index);
}

/** Only where the file says of anything what ends it: else all purges come from elsewhere, and the map of a running Freshet shows them. */
function unended(lasting: readonly Named[], ended: readonly Named[], emitted: readonly Named[]): readonly Warning[] {
  if (ended.length === 0) return [];
  const families = ended.map(({ family }) => family);
  // A rule whose whole tag is a field of the event may purge any.
  if (families.includes('*')) return [];
  return lasting
    .filter(({ family }) => !ended.some((ender) => mayEnd(ender, family, emitted)))
    .map(({ template, family, path }) => {
      const others = families.filter((pattern) => !covers(pattern, family));
      const isTakenForId = others.length < families.length;
      return {
        path,
        what: `no rule, route or caller named here purges ${template}${near(family, others)}`,
        why: `what carries it ends by its other tags, its URL or the clock alone${isTakenForId ? '; a field beside it ({id}) is taken for ids, not for this word' : ''}`,
        todo: `add ${template} to the invalidates of the route that writes it, or to purge.callers where something outside purges it; or leave the tag out`,
      };
    });
}

/** A field of a path or an event is an id: where what it makes is emitted itself, it is not meant for a word beside it (`product:{id}` and `product:list`). */
function mayEnd({ family: pattern, template }: Named, family: string, emitted: readonly Named[]): boolean {
  if (pattern === family) return true;
  const isForAnother = emitted.some((one) => one.family === pattern);
  if (covers(pattern, family)) return !(isForAnother && template.includes('{'));
  return covers(family, pattern) && !isForAnother;
}

/** Origins have tags of their own, so a family that no route names is no mistake; one that is nearly that of a route is. */
function misnamed(ended: readonly Named[], emitted: readonly Named[]): readonly Warning[] {
  const families = emitted.map(({ family }) => family);
  return ended
    .filter(({ family }) => !families.includes(family))
    .flatMap(({ template, family, path }) => {
      const isCovered = families.some((other) => covers(family, other) || covers(other, family));
      // Of the values of a field it may be one, but for a word that is nearly another.
      const meant = nearestFamily(family, isCovered ? families.filter((other) => !other.includes('*')) : families);
      if (meant === undefined) return [];
      return [
        {
          path,
          what: `purges ${template}, which no route emits (did you mean ${meant}?)`,
          why: 'a purge of a tag that nothing carries ends nothing, and is confirmed all the same',
          todo: `write it as the tag is written, or ignore this if the origin tags answers with ${family} itself`,
        },
      ];
    });
}

/** Where no tag field of the origin is read, the routes' are all there are. */
function unread({ tags }: FileSettings, ended: readonly Named[], emitted: readonly Named[]): readonly Warning[] {
  if (tags.headers.length > 0) return [];
  const families = emitted.map(({ family }) => family);
  return ended
    .filter(
      ({ family }) => !families.some((other) => covers(family, other) || covers(other, family)) && nearestFamily(family, families) === undefined,
    )
    .map(({ template, path }) => ({
      path,
      what: `purges ${template}, which nothing carries`,
      why: 'no route has it among its tags, and tags.headers is empty, so that what the origin says is not read',
      todo: 'add it to the tags of the routes it should end, or name the fields of the origin in tags.headers',
    }));
}

/** What is stored by its version needs purges that say one. */
function unversioned({ events }: FileSettings, routes: readonly EffectiveRoute[]): readonly Warning[] {
  const wanted = routes.filter((route) => stores(route) && !route.settings.store_unversioned);
  return events.rules.flatMap((rule, index): readonly Warning[] => {
    const families = rule.purge.map(({ source }) => familyOfTemplate(source));
    const route = wanted.find(({ settings }) => settings.tags.some((tag) => families.some((family) => covers(family, familyOfTemplate(tag)))));
    if (route === undefined || rule.version !== undefined) return [];
    return [
      {
        path: ['events', 'rules', index],
        what: `purges tags of ${route.name}, which is stored by its version, and states none`,
        why: 'after such a purge an answer of a replica that lags is stored as soon as it states any version',
        todo: 'version: "{version}", from a field of the event that has it',
      },
    ];
  });
}

function near(family: string, known: readonly string[]): string {
  const meant = nearestFamily(family, known);
  return meant === undefined || meant === familyOf(family) ? '' : ` (nearest: ${meant})`;
}
