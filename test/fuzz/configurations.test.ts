// DESIGN section 2: a text is a configuration, or a UsageError says what is wrong with it. Files that are nearly right are what people write.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { UsageError } from '../../src/errors.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const texts = [
  ...corpus('configurations', ['texts']).texts,
  ...['freshet', 'minimal', 'conformance'].map((name) => readFileSync(`config/${name}.yaml`, 'utf8')),
];

function load(text: string): 'loaded' | 'refused' {
  try {
    loadConfig({ text, env: { A: 'a', HOST: 'h' }, overrides: {} });
    return 'loaded';
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return 'refused';
  }
}

describe('configurations', () => {
  it('of the corpus are loaded or refused', () => {
    expect(new Set(texts.map(load))).toEqual(new Set(['loaded', 'refused']));
  });

  it('with edits are loaded or refused with a UsageError', () => {
    fc.assert(
      fc.property(mutated(texts), (text) => void load(text)),
      { ...RUNS, numRuns: 400 },
    );
  });

  it('with lines left out, repeated or exchanged too', () => {
    const shuffled = fc.constantFrom(...texts).chain((text) => fc.array(fc.constantFrom(...text.split('\n')), { maxLength: 20 }));
    fc.assert(
      fc.property(shuffled, (lines) => void load(lines.join('\n'))),
      { ...RUNS, numRuns: 400 },
    );
  });
});
