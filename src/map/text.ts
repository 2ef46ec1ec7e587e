// The map as people read it: routes with what they emit and end, families with who ends them, and the findings.
import { spoken } from './findings.ts';
import type { Ender, Fresh, InvalidationMap, MapFamily, MapRoute } from './map.ts';

/** Several lines, without a final newline. */
export function mapText(map: InvalidationMap): string {
  const sections = [headLines(map), titled('routes', map.routes.map(routeLines)), titled('families of tags', map.families.map(familyLines))];
  return [...sections, titled(findingsTitle(map), map.findings.map(findingLines))].map((lines) => lines.join('\n')).join('\n\n');
}

function headLines({ seen }: InvalidationMap): readonly string[] {
  if (seen === undefined) return ['the map of the configuration alone: what was seen is asked of a running Freshet (--admin URL)'];
  const { seconds, threads, purges, unmatchedEvents } = seen;
  const whole = [
    counted(purges.prefixes, 'purge of prefixes', 'purges of prefixes'),
    counted(purges.scopes, 'purge of scopes', 'purges of scopes'),
    counted(purges.groups, 'purge of cache groups', 'purges of cache groups'),
    counted(purges.all, 'purge of everything', 'purges of everything'),
  ];
  const besides = whole.filter((text) => !text.startsWith('no '));
  return [
    `seen in ${spoken(seconds)}, since ${seen.since}${threads === 1 ? '' : `, in ${threads} threads`}${besides.length === 0 ? '' : `; besides purges of tags: ${besides.join(', ')}`}`,
    ...(unmatchedEvents === 0 ? [] : [`${counted(unmatchedEvents, 'event', 'events')} came that no rule is for`]),
    ...(purges.unplacedTags === 0 ? [] : [`${purges.unplacedTags} purged tags are not on it: there are too many families`]),
  ];
}

function findingsTitle({ findings }: InvalidationMap): string {
  return findings.length === 0 ? 'findings: none' : `findings: ${findings.length}`;
}

function titled(title: string, parts: readonly (readonly string[])[]): readonly string[] {
  return [title, ...parts.flat()];
}

function routeLines({ name, strategy, scope, stores, ttlSeconds, emits, ends, seen }: MapRoute): readonly string[] {
  const how = [
    ...(stores ? [] : ['stores nothing']),
    ...(strategy === undefined ? [] : [`strategy ${strategy}`]),
    ...(scope === 'public' ? [] : [`scope ${scope}`]),
    ...(ttlSeconds === undefined ? [] : [`ttl ${spoken(ttlSeconds)}`]),
  ];
  const refused = Object.entries(seen?.refused ?? {}).toSorted(([, a], [, b]) => b - a);
  return [
    `  ${name}${how.length === 0 ? '' : `  (${how.join(', ')})`}`,
    ...(seen === undefined || seen.stored === 0
      ? []
      : [
          `      stored   ${seen.stored}${seen.fresh === undefined ? '' : `, fresh for ${freshText(seen.fresh)}`}${seen.untagged === 0 ? '' : `; ${seen.untagged} without a tag`}`,
        ]),
    ...emits.map((one) => `      emits    ${one.family}${emittedText(one)}`),
    ...(seen === undefined || seen.unplacedTags === 0 ? [] : [`      emits    ${seen.unplacedTags} more tags, of more families than fit`]),
    ...ends.map((family) => `      ends     ${family}`),
    ...(seen === undefined || seen.urlPurges === 0 ? [] : [`      its URLs were purged ${times(seen.urlPurges)}`]),
    ...(seen === undefined || seen.widePurges === 0 ? [] : [`      prefixes or scopes that it may be in were purged ${times(seen.widePurges)}`]),
    ...(refused.length === 0 ? [] : [`      refused  ${refused.map(([reason, count]) => `${count} ${reason}`).join(', ')}`]),
  ];
}

function emittedText({ template, seen }: MapRoute['emits'][number]): string {
  const words = [
    ...(template === undefined ? ['by the origin'] : [`as ${template}`]),
    ...(seen === undefined ? [] : [`seen ${times(seen.tags)}: ${seen.examples.join(' ')}${seen.tags > seen.examples.length ? ' …' : ''}`]),
  ];
  return `  ${words.join(', ')}`;
}

function freshText({ leastSeconds, medianSeconds, mostSeconds }: Fresh): string {
  if (leastSeconds === mostSeconds) return spoken(mostSeconds);
  return `${spoken(leastSeconds)} to ${spoken(mostSeconds)}, about ${spoken(medianSeconds)} in the middle`;
}

function familyLines({ family, emittedBy, endedBy, seen }: MapFamily): readonly string[] {
  return [
    `  ${family}`,
    `      emitted by  ${emittedBy.join(', ') || 'nothing that is known'}`,
    ...(endedBy.length === 0 ? ['      ended by    nobody that is known'] : endedBy.map((ender) => `      ended by    ${enderText(ender)}`)),
    ...(seen === undefined || seen.others === 0 ? [] : [`      ended by    more callers than fit, ${times(seen.others)}`]),
  ];
}

function enderText({ kind, name, template, seen }: Ender): string {
  const declared = template === undefined ? '' : ` as ${template}`;
  const met =
    seen === undefined
      ? ''
      : `: ${counted(seen.purges, 'purge', 'purges')}, ${seen.met === seen.purges ? 'all' : seen.met === 0 ? 'none' : seen.met} of what had been stored`;
  return `${kind} ${name}${declared}${met}`;
}

function findingLines({ kind, what, why, todo, examples }: InvalidationMap['findings'][number]): readonly string[] {
  return [`  - ${kind}: ${what}`, `      why: ${why}`, `      do:  ${todo}`, ...(examples.length === 0 ? [] : [`      e.g. ${examples.join('  ')}`])];
}

function counted(count: number, one: string, several: string): string {
  return count === 0 ? `no ${several}` : `${count} ${count === 1 ? one : several}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}
