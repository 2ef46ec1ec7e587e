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
    text: "const [wanted, found] = [pattern.split(':'), family.split(':')];",
    replacement: 'const [wanted, found] = [[pattern], [family]];',
    caughtBy: ['test/rules/tag-families.test.ts'],
  },
];
