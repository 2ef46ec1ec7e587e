// When do two values of Accept-Encoding or Accept-Language ask for the same (RFC 9110 §12.5.3, §12.5.4)? Setting `normalise`.
import { listMembers } from '../http/fields.ts';

interface Preference {
  /** Lower case. */
  readonly name: string;
  /** 0 to 1. */
  readonly quality: number;
}

/** The codings a client takes, sorted, and those it refuses: whatever was chosen for one such request, every other can decode. Order of preference is dropped. */
export function normaliseEncodings(value: string): string {
  const preferences = preferencesOf(value);
  if (preferences === undefined) return value;
  const accepted = preferences
    .filter(({ name, quality }) => quality > 0 && name !== 'identity')
    .map(({ name }) => name.replace(/^x-(?=gzip$|compress$)/, ''));
  const refused = preferences.filter(({ quality }) => quality === 0).map(({ name }) => `${name};q=0`);
  return [...new Set([...accepted, ...refused])].toSorted().join(',');
}

/** Languages by falling quality, then by name: their order in the field means nothing. */
export function normaliseLanguages(value: string): string {
  const preferences = preferencesOf(value);
  if (preferences === undefined) return value;
  const written = preferences.toSorted(byQuality).map(({ name, quality }) => (quality === 1 ? name : `${name};q=${quality}`));
  return [...new Set(written)].join(',');
}

/** The language that has the highest quality alone; undefined for a tie, for `*` and for none. */
export function preferredLanguage(value: string | undefined): string | undefined {
  const [best, second] = (preferencesOf(value ?? '') ?? []).toSorted(byQuality);
  if (best === undefined || best.quality === 0 || best.name === '*' || best.quality === second?.quality) return undefined;
  return best.name;
}

function byQuality(a: Preference, b: Preference): number {
  if (a.quality !== b.quality) return b.quality - a.quality;
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

/** Undefined where a member is malformed: such a value is compared as it stands. */
function preferencesOf(value: string): readonly Preference[] | undefined {
  const preferences: Preference[] = [];
  for (const member of listMembers(value)) {
    const parts = /^([a-z0-9*_-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i.exec(member);
    if (parts === null) return undefined;
    preferences.push({ name: (parts[1] ?? '').toLowerCase(), quality: Number(parts[2] ?? 1) });
  }
  return preferences;
}
