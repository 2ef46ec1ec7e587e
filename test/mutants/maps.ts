// Ways to break strategies and the map of what is stored and purged.
import type { Mutant } from './mutant.ts';

export const MAP_MUTANTS: readonly Mutant[] = [
  {
    name: 'a tag without a version is as new as any, on a route that wants versions',
    file: 'src/proxy/landing.ts',
    text: 'const versions = [...claimed, ...silent].map(',
    replacement: 'const versions = [...claimed].map(',
    caughtBy: ['test/purge/race-fences.test.ts'],
  },
  {
    name: 'what a route sets itself is lost under its strategy',
    file: 'src/config/strategies.ts',
    text: 'return { ...ROUTE_DEFAULTS, ...below, ...own };',
    replacement: 'return { ...ROUTE_DEFAULTS, ...own, ...below };',
    caughtBy: ['test/config/strategies.test.ts'],
  },
  {
    name: 'a star of a family reaches over a colon',
    file: 'src/rules/tag-families.ts',
    text: " && family[taken] !== ':'",
    replacement: '',
    caughtBy: ['test/rules/tag-families.test.ts'],
  },
  {
    name: 'the map: what is on the fill path is told by nobody',
    file: 'src/proxy/commit.ts',
    text: 'x.parts.sightings?.entryStored(sightingOf(x, entry));',
    replacement: '',
    caughtBy: ['test/map/live.test.ts'],
  },
  {
    name: 'the map: a full table takes one more',
    file: 'src/map/family-table.ts',
    text: 'if (this.#families.size - narrower.length >= this.#parts.most) return undefined;',
    replacement: '',
    caughtBy: ['test/map/family-table.test.ts', 'test/map/map.test.ts'],
  },
  {
    name: 'the map: a family that the configuration names is swallowed by a wider one',
    file: 'src/map/family-table.ts',
    text: 'filter((other) => !this.#declared.has(other) && covers(shape, other))',
    replacement: 'filter((other) => covers(shape, other))',
    caughtBy: ['test/map/family-table.test.ts'],
  },
  {
    name: 'the map: a typo is told after a while only',
    file: 'src/map/findings.ts',
    text: 'if (near === undefined && forSeconds < PATIENCE_SECONDS) return [];',
    replacement: 'if (forSeconds < PATIENCE_SECONDS) return [];',
    caughtBy: ['test/map/findings.test.ts'],
  },
  {
    name: 'the map: the sketch never forgets',
    file: 'src/map/tag-sketch.ts',
    text: 'this.#memory.fill(0, from, from + WORDS);',
    replacement: '',
    caughtBy: ['test/map/tag-sketch.test.ts'],
  },
];
