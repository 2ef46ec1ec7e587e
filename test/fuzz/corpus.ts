// The committed corpora, and what fuzzing makes of them: entries with a few edits, the same ones for the same seed.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';

/** Of every fuzzer here: a run is the same wherever it is made. */
export const RUNS = { seed: 20_261_122, numRuns: 3000 } as const;

/** Lists of texts by name, and of one without names. */
export function corpus<Name extends string>(file: string, names: readonly Name[]): Readonly<Record<Name, readonly string[]>> {
  const read: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(new URL(`corpus/${file}.json`, import.meta.url), 'utf8'));
  const lists = names.map((name) => {
    const list = read[name];
    if (list === undefined || list.length === 0) throw new Error(`${file}.json has no ${name}`);
    return [name, list] as const;
  });
  // The cast: Object.fromEntries forgets the names.
  return Object.fromEntries(lists) as Record<Name, readonly string[]>;
}

interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly put: string;
}

/** An entry with up to three edits: something cut, a character or a piece of another entry put in. */
export function mutated(entries: readonly string[]): fc.Arbitrary<string> {
  const character = fc.oneof(
    fc.nat(255).map((code) => String.fromCharCode(code)),
    fc.constantFrom(',', ';', '=', '"', '\\', ' ', '\t', '/', '?', '%', ':', '-', '0', 'a', '\r\n'),
  );
  const piece = fc.tuple(fc.constantFrom(...entries), fc.nat(20), fc.nat(20)).map(([entry, from, length]) => entry.slice(from, from + length));
  const edit: fc.Arbitrary<Edit> = fc.record({ at: fc.nat(200), cut: fc.nat(4), put: fc.oneof(fc.constant(''), character, piece) });
  return fc.tuple(fc.constantFrom(...entries), fc.array(edit, { maxLength: 3 })).map(([entry, edits]) => edits.reduce(applied, entry));
}

function applied(text: string, { at, cut, put }: Edit): string {
  const place = at % (text.length + 1);
  return text.slice(0, place) + put + text.slice(place + cut);
}
