// Events that no rule is for: which of them were most likely meant for one?
import type { Config } from '../config/config.ts';
import { nearest } from '../config/nearest.ts';
import { isOn } from '../rules/event-types.ts';
import type { UnmatchedType } from './event-sightings.ts';
import type { Finding } from './findings.ts';
import type { Observations } from './map.ts';

interface Ground {
  readonly config: Config;
  readonly seen: Observations | undefined;
}

/** Each that looks like the slip of a hand at once; the others together and after a while, since a stream may be for others too. */
export function unmatchedEvents({ config, seen }: Ground, patienceSeconds: number): readonly Finding[] {
  if (seen === undefined) return [];
  const known = config.events.rules.flatMap(({ on }) => on);
  const left = [...seen.events.unmatched].filter(([type]) => !known.some((on) => isOn(type, on)));
  const near = left.flatMap(([type, found]) => {
    const meant = nearestType(type, known);
    return meant === undefined ? [] : [unmatchedEvent(type, found, meant)];
  });
  const others = left.filter(([type, { firstAt }]) => nearestType(type, known) === undefined && seen.now - firstAt >= patienceSeconds * 1_000);
  if (others.length === 0) return near;
  const count = others.reduce((sum, [, found]) => sum + found.count, seen.events.unplaced);
  return [
    ...near,
    {
      kind: 'unmatched-event',
      subject: 'events',
      count,
      what: `${count} ${count === 1 ? 'event' : 'events'} of ${others.length} ${others.length === 1 ? 'type' : 'types'} came that no rule is for: ${others
        .slice(0, 5)
        .map(([type]) => type)
        .join(', ')}${others.length > 5 ? ', …' : ''}`,
      why: 'they are acknowledged and purge nothing',
      todo: 'write a rule for those that change what is stored, or keep the others from Freshet',
      examples: others.flatMap(([, { examples }]) => examples).slice(0, 3),
    },
  ];
}

function unmatchedEvent(type: string, { count, examples }: UnmatchedType, meant: string): Finding {
  return {
    kind: 'unmatched-event',
    subject: type,
    count,
    what: `${count} ${count === 1 ? 'event' : 'events'} of type ${type} came that no rule is for; the nearest is for ${meant}`,
    why: 'such an event is acknowledged, and purges nothing',
    todo: `send it as the rule is written, ${meant}, or write a rule for ${type}`,
    examples,
    nearest: meant,
  };
}

/** A family of types (`order.*`) is near to what begins nearly so. */
function nearestType(type: string, known: readonly string[]): string | undefined {
  const families = known.filter((on) => on.endsWith('.*'));
  const exact = nearest(
    type,
    known.filter((on) => !on.endsWith('*')),
  );
  return exact ?? nearest(`${type.slice(0, type.lastIndexOf('.') + 1)}*`, families);
}
