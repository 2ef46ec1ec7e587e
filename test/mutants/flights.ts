// Ways to break collapsing: a herd on the origin, and answers that go to those who may not share them.
import type { Mutant } from './mutant.ts';

const VALIDATION = 'test/purge/race-validation.test.ts';
const HUNT = 'test/leak-hunt/leak-hunt.test.ts';
const HERD = 'test/proxy/journey-herd.test.ts';
const BOUNDS = 'test/proxy/journey-bounds.test.ts';
const PASSAGE = 'test/proxy/passage.test.ts';

export const FLIGHT_MUTANTS: readonly Mutant[] = [
  {
    name: 'an answer that came late makes its URL uncacheable',
    file: 'src/proxy/collapse.ts',
    text: 'else if (cameLate(landing.judgement)) return;',
    replacement: '',
    caughtBy: ['test/proxy/journey-collapse.test.ts'],
  },
  {
    name: 'followers that go by themselves set out all at once',
    file: 'src/proxy/forward.ts',
    text: 'await delay(Math.floor(boarding.flight.nextAlone() / STAGGER_GROUP) * STAGGER_MS);',
    replacement: 'boarding.flight.nextAlone();',
    caughtBy: [PASSAGE],
  },
  {
    name: 'a cookie makes the URL uncacheable for those who have none',
    file: 'src/proxy/collapse.ts',
    text: "x.route.policy.cookies === 'explicit' && hasField(x.request.fields, 'cookie') ? '\\ncookie' : ''",
    replacement: "''",
    caughtBy: [HERD, BOUNDS],
  },
  {
    name: 'a credential makes the URL uncacheable for those who have none',
    file: 'src/proxy/collapse.ts',
    text: "hasField(x.request.fields, 'authorization') ? '\\nauthorization' : ''",
    replacement: "''",
    caughtBy: [HERD, BOUNDS],
  },
  {
    name: 'an answer too large to be stored makes the URL uncacheable',
    file: 'src/proxy/collapse.ts',
    text: ", 'too-large']",
    replacement: ']',
    caughtBy: [HERD],
  },
  {
    name: 'a refresh that a purge overtook counts as one under way',
    file: 'src/proxy/collapse.ts',
    text: 'return present !== undefined && this.#mayJoin(x, present);',
    replacement: 'return present !== undefined;',
    caughtBy: [VALIDATION],
  },
  {
    name: 'requests that want what is newest share a fetch',
    file: 'src/proxy/forward.ts',
    text: "decision.fwd !== 'request' &&",
    replacement: '',
    caughtBy: [HERD],
  },
  {
    name: 'a follower that waited too long stores by a 304',
    file: 'src/proxy/freshen.ts',
    text: "if (x.mode === 'unstored') return { kind: 'freshened', stored, shareable: false, kept: false };",
    replacement: '',
    caughtBy: [BOUNDS],
  },
  {
    name: '1xx of a background refresh goes to a client that has its answer',
    file: 'src/proxy/flight.ts',
    text: 'if (!this.#leader.client.headSent) ',
    replacement: '',
    caughtBy: [PASSAGE],
  },
  {
    name: 'the variants of a URL have any number of axes',
    file: 'src/proxy/commit.ts',
    text: "if (axes.length > MAX_AXES) return { kind: 'refused', reason: 'vary-too-wide' };",
    replacement: '',
    caughtBy: [BOUNDS],
  },
  {
    name: 'followers share what is not shareable',
    file: 'src/proxy/taking.ts',
    text: 'if (!landing.judgement.shareable || !landing.fill.isWhole)',
    replacement: 'if (!landing.fill.isWhole)',
    caughtBy: [HUNT],
  },
];
