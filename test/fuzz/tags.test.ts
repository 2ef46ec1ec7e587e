// SECURITY §6 and §7: a response is stored with every tag that it states, or not at all; and what a tag header says is what a purge of the same text names.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTag, responseTags, tagsNamedIn } from '../../src/purge/surrogate-keys.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const NAMES = ['surrogate-key', 'xkey', 'cache-tag', 'cache-groups', 'surrogate-version'] as const;
const texts = corpus('tags', NAMES);
const SETTINGS = { headers: ['surrogate-key', 'xkey', 'cache-tag', 'cache-groups'], maxBytes: 300, maxCount: 12 };

/** The words of a line, as anybody would count them. */
function words(name: string, line: string): string[] {
  return line
    .split(name === 'cache-tag' ? ',' : /[ \t]/)
    .map((word) => word.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((word) => word !== '');
}

const linesOf = (...names: readonly (typeof NAMES)[number][]) =>
  fc.array(
    fc.constantFrom(...names).chain((name) => mutated(texts[name]).map((text) => [name, text] as const)),
    { minLength: 1, maxLength: 4 },
  );
const lines = linesOf(...NAMES);
/** A line of groups or versions continues the one before it: a quote that was open may be closed. */
const complete = linesOf('surrogate-key', 'xkey', 'cache-tag');

describe('tag headers', () => {
  it('no word is lost: all are tags of the response, or it is refused', () => {
    fc.assert(
      fc.property(lines, (given) => {
        const read = responseTags(given.flat(), SETTINGS);
        const stated = new Set(
          given.filter(([name]) => name !== 'cache-groups' && name !== 'surrogate-version').flatMap(([name, text]) => words(name, text)),
        );
        if (read.kind === 'refused') return;
        expect(new Set(read.tags)).toEqual(stated);
        expect(read.tags.every(isTag)).toBe(true);
        expect(read.tags.length + read.groups.length).toBeLessThanOrEqual(SETTINGS.maxCount);
        expect(tagsNamedIn(given.flat(), SETTINGS.headers)).toEqual({ tags: read.tags, groups: read.groups });
      }),
      RUNS,
    );
  });

  it('what is refused stays refused beside more lines', () => {
    fc.assert(
      fc.property(complete, complete, (given, more) => {
        fc.pre(responseTags(given.flat(), SETTINGS).kind === 'refused');
        expect(responseTags([...given, ...more].flat(), SETTINGS).kind).toBe('refused');
      }),
      RUNS,
    );
  });

  it('the order of lines does not count', () => {
    fc.assert(
      fc.property(lines, (given) => {
        const plain = given.filter(([name]) => name !== 'cache-groups');
        const [one, other] = [plain, plain.toReversed()].map((pairs) => responseTags(pairs.flat(), SETTINGS));
        expect(one?.kind).toBe(other?.kind);
        if (one?.kind === 'tags' && other?.kind === 'tags') expect(new Set(one.tags)).toEqual(new Set(other.tags));
      }),
      RUNS,
    );
  });
});
