// Ways to store or serve what is not whole: SECURITY §14, release bar 8.
import type { Mutant } from './mutant.ts';

const FILLS = 'test/purge/race-fills.test.ts';
const HUNT = 'test/leak-hunt/leak-hunt.test.ts';
const SWEEP = 'test/truncation.test.ts';
const PARTS = 'test/proxy/journey-parts.test.ts';

export const WHOLE_MUTANTS: readonly Mutant[] = [
  {
    name: 'an end that nothing verified is stored',
    file: 'src/proxy/commit.ts',
    text: "if (end !== 'verified' && !x.route.policy.storeCloseDelimited) return { kind: 'refused', reason: end };",
    replacement: '',
    caughtBy: [FILLS, 'test/security/response-framing.test.ts'],
  },
  {
    name: 'a part takes the place of a fresh whole',
    file: 'src/proxy/commit.ts',
    text: 'if (sameVariant !== undefined && sameVariant.part === undefined && sameVariant.freshUntil > response.receivedAt) {',
    replacement: 'if (Math.random() > 1) {',
    caughtBy: [PARTS],
  },
  {
    name: 'a cut body is stored',
    file: 'src/proxy/flight.ts',
    text: "this.landing.fill.finish('failed', error.reason);",
    replacement: "this.#commit(this.landing, 'verified');\n      this.landing.fill.finish('failed', error.reason);",
    caughtBy: [HUNT, SWEEP],
  },
  {
    name: 'a cut body ends cleanly',
    file: 'src/proxy/fill.ts',
    text: "    if (this.#end === 'failed') {\n      reader.client.destroy();",
    replacement: "    if (this.#end === 'failed') {\n      reader.client.end();",
    caughtBy: [HUNT, SWEEP],
  },
  {
    name: 'a reset counts as the end of a close-delimited body',
    file: 'src/origin/call.ts',
    text: 'if (!this.#verified && this.#client?.broke === true) {',
    replacement: 'if (false) {',
    caughtBy: [SWEEP],
  },
];
