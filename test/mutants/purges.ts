// Ways to break the purge protocol: PURGE-PROTOCOL §6 "Teeth", those of one process, and more of §3.2.
import type { Mutant } from './mutant.ts';

const FILLS = 'test/purge/race-fills.test.ts';
const HITS = 'test/purge/race-hits.test.ts';
const FLIGHTS = 'test/purge/race-flights.test.ts';
const VALIDATION = 'test/purge/race-validation.test.ts';
const WRITES = 'test/purge/race-writes.test.ts';
const FENCES = 'test/purge/race-fences.test.ts';
const PASSAGE = 'test/proxy/passage.test.ts';

const LEASE = 'test/purge/race-lease.test.ts';
const SEEDS = 'test/simulation/seeds.test.ts';

export const PURGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'asOf is read at the head instead of at the start',
    file: 'src/proxy/flight.ts',
    text: 'const times: FetchTimes = {',
    replacement: '(this as { asOf: number }).asOf = this.#leader.parts.marks.epoch;\n    const times: FetchTimes = {',
    caughtBy: [FILLS, FLIGHTS],
  },
  {
    name: 'no gate at the end of a body',
    file: 'src/proxy/commit.ts',
    text: 'const verdict = marks.gate({ tagIds, asOf: times.asOf, sentAt: times.sentAt });',
    replacement: 'const { verdict } = judgement;',
    caughtBy: [FILLS],
  },
  {
    name: 'what is fetched by rules that a reload has replaced is stored',
    file: 'src/proxy/exchange.ts',
    text: 'return this.settings.keying !== this.parts.settings.keying;',
    replacement: 'return this.settings.keying !== this.settings.keying;',
    caughtBy: ['test/proxy/journey-purge-holes.test.ts', 'test/proxy/shared.test.ts', 'test/proxy/scope-lookup.test.ts'],
  },
  {
    name: 'no gate at a hit',
    file: 'src/proxy/lookup.ts',
    text: 'const verdict = marks.gateEntry(candidate);',
    replacement: 'const verdict = OK as Verdict;',
    caughtBy: [HITS],
  },
  {
    name: 'an await between the gate of a hit and its head',
    file: 'src/proxy/handle.ts',
    text: "case 'hit':\n      respondStored(",
    replacement: "case 'hit':\n      setImmediate(respondStored, ",
    caughtBy: [HITS],
  },
  {
    name: 'a follower joins unconditionally',
    file: 'src/proxy/collapse.ts',
    text: "if (verdict.kind !== 'ok' && verdict.kind !== 'uncoordinated') return false;",
    replacement: '',
    caughtBy: [FLIGHTS, VALIDATION],
  },
  {
    name: 'a follower takes unconditionally',
    file: 'src/proxy/taking.ts',
    text: "if (verdict.kind === 'purged' && !(askedBefore && policy.inflight === 'retry' && x.turns > 0)) return startOver(x, policy);",
    replacement: '',
    caughtBy: [FLIGHTS, FILLS],
  },
  {
    name: 'strict gives the older answer after all',
    file: 'src/proxy/taking.ts',
    text: "policy.inflight === 'retry' && x.turns > 0",
    replacement: 'x.turns > 0',
    caughtBy: [FLIGHTS],
  },
  {
    name: 'stale-while-revalidate serves what was purged',
    file: 'src/rules/reuse.ts',
    text: "if (verdict.kind === 'purged' || verdict.kind === 'held') return forward(",
    replacement: "if ((verdict.kind === 'purged' && stored.freshUntil > now) || verdict.kind === 'held') return forward(",
    caughtBy: [VALIDATION],
  },
  {
    name: 'stale-if-error serves what was purged',
    file: 'src/rules/reuse.ts',
    text: 'if (UNUSABLE.has(verdict.kind) || stored.alwaysValidate) return false;',
    replacement: 'if (stored.alwaysValidate) return false;',
    caughtBy: [VALIDATION],
  },
  {
    name: 'a hard purge leaves the validator',
    file: 'src/rules/reuse.ts',
    text: "return forward('miss', verdict.kind);",
    replacement: "return { ...forward('miss', verdict.kind), base: canValidate(stored) ? stored : undefined };",
    caughtBy: [VALIDATION, HITS],
  },
  {
    name: 'a soft purge counts from the end of freshness',
    file: 'src/rules/reuse.ts',
    text: "return verdict.kind === 'softened' ? Math.min(stored.freshUntil, verdict.since) : stored.freshUntil;",
    replacement: 'return stored.freshUntil;',
    caughtBy: [HITS, SEEDS],
  },
  {
    name: 'a 304 revives what was purged',
    file: 'src/proxy/freshen.ts',
    text: "if (verdict.kind === 'purged' || verdict.kind === 'uncoordinated' || !confirms(base, head)",
    replacement: 'if (!confirms(base, head)',
    caughtBy: [VALIDATION],
  },
  {
    name: 'a 304 is judged by the old tags only',
    file: 'src/proxy/freshen.ts',
    text: 'tagIds: tagHash.join(base.tagIds, tagging.tagIds), asOf',
    replacement: 'tagIds: base.tagIds, asOf',
    caughtBy: [VALIDATION],
  },
  {
    name: 'a 304 is judged by the new tags only',
    file: 'src/proxy/freshen.ts',
    text: 'tagIds: tagHash.join(base.tagIds, tagging.tagIds), asOf',
    replacement: 'tagIds: tagging.tagIds, asOf',
    caughtBy: [VALIDATION],
  },
  {
    name: 'a freshened entry keeps the old tags only',
    file: 'src/proxy/freshen.ts',
    text: 'tagIds: tagging.tagIds,\n    asOf',
    replacement: 'tagIds: base.tagIds,\n    asOf',
    caughtBy: [VALIDATION],
  },
  {
    name: 'a 304 freshens an entry that was replaced',
    file: 'src/proxy/freshen.ts',
    text: ' || !store.holds(x.key, base)',
    replacement: '',
    caughtBy: [VALIDATION],
  },
  {
    name: 'a late old fill takes the place of a newer one',
    file: 'src/store/memory.ts',
    text: 'if (replaced !== undefined && isLater(replaced, response))',
    replacement: 'if (false)',
    caughtBy: [FILLS, 'test/store/memory.test.ts'],
  },
  {
    name: 'a purge is answered before it is published',
    file: 'src/purge/mark-writer.ts',
    text: 'Atomics.store(header, WORD.published, epoch);',
    replacement: 'setTimeout(() => Atomics.store(header, WORD.published, epoch), 20);',
    caughtBy: [HITS, FILLS],
  },
  {
    name: 'a purge of everything leaves what is under way',
    file: 'src/purge/mark-writer.ts',
    text: 'if (selectors.all) Atomics.store(this.#state.header, WORD.floor, epoch);',
    replacement: 'if (selectors.all) return;',
    caughtBy: [FILLS, FLIGHTS],
  },
  {
    name: 'a write releases its answer before its purge',
    file: 'src/proxy/passage.ts',
    text: 'purgeWritten(this.#x, head)\n      .then(release)',
    replacement: "Promise.resolve({ kind: 'unconfirmed' } as const)\n      .then(release)\n      .then(() => purgeWritten(this.#x, head))",
    caughtBy: [WRITES],
  },
  {
    name: 'a write whose answer was lost purges nothing',
    file: 'src/proxy/passage.ts',
    text: '} else if (this.#writes && error.requestSent) {',
    replacement: '} else if (false) {',
    caughtBy: [WRITES],
  },
  {
    name: 'what a settle window holds is stored',
    file: 'src/purge/marks.ts',
    text: 'return this.#state.holds.holding(subject.tagIds, subject.sentAt) ? HELD : verdict;',
    replacement: 'return verdict;',
    caughtBy: [FENCES, SEEDS],
  },
  {
    name: 'a version below the lowest acceptable is stored',
    file: 'src/purge/marks.ts',
    text: 'return this.#state.holds.accepts(stated);',
    replacement: 'return stated.length >= 0;',
    caughtBy: [FENCES, SEEDS],
  },
  {
    name: 'a version in shared memory is written in two halves',
    file: 'src/purge/shared-numbers.ts',
    text: 'Atomics.store(this.#words, at, this.#bits[0] as bigint);',
    replacement: `const halves = new Int32Array(this.#words.buffer, this.#words.byteOffset);
    const [low, high] = new Int32Array(this.#bits.buffer);
    Atomics.store(halves, 2 * at, low as number);
    Atomics.store(halves, 2 * at + 1, high as number);`,
    caughtBy: ['test/purge/hold-table.test.ts'],
  },
  {
    name: 'a table of holds is laid out anew without a word to its readers',
    file: 'src/purge/hold-table.ts',
    text: 'Atomics.add(this.#header, MOVES, 1);\n    for',
    replacement: 'for',
    caughtBy: ['test/purge/hold-table.test.ts'],
  },
  {
    name: 'what was purged at the end of its body is stored, and judged at each use only',
    file: 'src/proxy/commit.ts',
    text: "if (verdict.kind === 'purged') return { kind: 'refused', reason: 'purged-in-flight' };",
    replacement: '',
    caughtBy: [FILLS],
  },
  {
    name: 'a write without room for its settle window purges nothing',
    file: 'src/proxy/written.ts',
    text: 'const bare = await purger.purge({ ...order, settleMs: 0 });',
    replacement: 'const bare = outcome as PurgeOutcome;',
    caughtBy: [PASSAGE],
  },
  {
    name: 'the answer to a POST is kept though another purge came beside its own',
    file: 'src/proxy/passage.ts',
    text: ' && purged.epoch === epochBefore + 1',
    replacement: '',
    caughtBy: [PASSAGE],
  },
  {
    name: 'a purge looks through the store for what it hits',
    file: 'src/proxy/purge-request.ts',
    text: 'respondOwn(x, await x.parts.purgeGate.method(',
    replacement: 'x.parts.store.slice(0, 1_000);\n  respondOwn(x, await x.parts.purgeGate.method(',
    caughtBy: ['test/purge/purge-cost.test.ts'],
  },
  {
    name: 'a hit needs no lease',
    file: 'src/rules/reuse.ts',
    text: "if (verdict.kind === 'uncoordinated') return forward('bypass', 'uncoordinated');",
    replacement: '',
    caughtBy: [LEASE],
  },
  {
    name: 'what was found clean a moment ago needs no lease',
    file: 'src/purge/marks.ts',
    text: 'if (isKnown) return vouched(coordinated, OK);',
    replacement: 'if (isKnown) return OK;',
    caughtBy: ['test/purge/lease.test.ts'],
  },
  {
    name: 'a fetch is shared although the lease ended meanwhile',
    file: 'src/proxy/taking.ts',
    text: "if (verdict.kind === 'uncoordinated' && !startedAfter) return startOver(x, policy);",
    replacement: '',
    caughtBy: [LEASE],
  },
  {
    name: 'a fill needs no lease',
    file: 'src/proxy/commit.ts',
    text: " || verdict.kind === 'uncoordinated'",
    replacement: '',
    caughtBy: [LEASE],
  },
  {
    name: 'a 304 freshens without a lease',
    file: 'src/proxy/freshen.ts',
    text: " || verdict.kind === 'uncoordinated'",
    replacement: '',
    caughtBy: [LEASE],
  },
  {
    name: 'a scope that was looked up needs no lease',
    file: 'src/proxy/identify.ts',
    text: "if (!x.parts.marks.isCoordinated) return passed('uncoordinated');",
    replacement: '',
    caughtBy: [LEASE],
  },
  {
    name: 'a lease ends by one clock only',
    file: 'src/purge/lease.ts',
    text: ' && this.#clocks.wall() < Number(Atomics.load(this.words, 1))',
    replacement: '',
    caughtBy: ['test/purge/lease.test.ts'],
  },
  {
    name: 'a soft purge is none',
    file: 'src/purge/mark-writer.ts',
    text: 'else this.#markSoft(publication, epoch);',
    replacement: 'else if (epoch < 0) this.#markSoft(publication, epoch);',
    caughtBy: [SEEDS],
  },
  {
    name: 'a soft purge of everything is none',
    file: 'src/purge/marks.ts',
    text: 'n < Atomics.load(header, WORD.softFloor) ? this.#softFloorAt(n) : undefined',
    replacement: 'n < -Atomics.load(header, WORD.softFloor) ? this.#softFloorAt(n) : undefined',
    caughtBy: [SEEDS],
  },
  {
    name: 'a settle window of everything holds nothing',
    file: 'src/purge/holds.ts',
    text: 'if (selectors.all) this.#allUntil.store',
    replacement: 'if (selectors.all && heldUntil < 0) this.#allUntil.store',
    caughtBy: [SEEDS],
  },
];
