// Ways to break the purge protocol and the walls between scopes, keys and variants, one line each, and the tests that must notice.
// PURGE-PROTOCOL §6 "Teeth": those of one process, and more of §3.2; SECURITY §14, release bars 4, 5 and 8.

export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly text: string;
  readonly replacement: string;
  /** Each of these files alone must fail. */
  readonly caughtBy: readonly string[];
}

const FILLS = 'test/purge/race-fills.test.ts';
const HITS = 'test/purge/race-hits.test.ts';
const FLIGHTS = 'test/purge/race-flights.test.ts';
const VALIDATION = 'test/purge/race-validation.test.ts';
const WRITES = 'test/purge/race-writes.test.ts';
const FENCES = 'test/purge/race-fences.test.ts';
const HUNT = 'test/leak-hunt/leak-hunt.test.ts';
const SWEEP = 'test/truncation.test.ts';
const HERD = 'test/proxy/journey-herd.test.ts';
const BOUNDS = 'test/proxy/journey-bounds.test.ts';
const PARTS = 'test/proxy/journey-parts.test.ts';
const PASSAGE = 'test/proxy/passage.test.ts';

export const MUTANTS: readonly Mutant[] = [
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
    name: 'no gate at a hit',
    file: 'src/proxy/lookup.ts',
    text: 'const verdict = marks.gateEntry(candidate);',
    replacement: 'const verdict = OK as Verdict;',
    caughtBy: [HITS],
  },
  {
    name: 'an await between the gate of a hit and its head',
    file: 'src/proxy/handle.ts',
    text: "case 'hit':\n        return",
    replacement: "case 'hit':\n        await new Promise((resolve) => setImmediate(resolve));\n        return",
    caughtBy: [HITS],
  },
  {
    name: 'a follower joins unconditionally',
    file: 'src/proxy/collapse.ts',
    text: "if (verdict.kind !== 'ok') return false;",
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
    text: "if (verdict.kind === 'purged' || verdict.kind === 'held' || stored.alwaysValidate) return false;",
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
    caughtBy: [HITS],
  },
  {
    name: 'a 304 revives what was purged',
    file: 'src/proxy/freshen.ts',
    text: "if (verdict.kind === 'purged' || !confirms(base, head)",
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
    file: 'src/purge/process-authority.ts',
    text: 'Atomics.store(header, WORD.published, epoch);',
    replacement: 'setTimeout(() => Atomics.store(header, WORD.published, epoch), 20);',
    caughtBy: [HITS, FILLS],
  },
  {
    name: 'a purge of everything leaves what is under way',
    file: 'src/purge/process-authority.ts',
    text: 'if (selectors.all) Atomics.store(this.#state.header, WORD.floor, epoch);',
    replacement: 'if (selectors.all) return;',
    caughtBy: [FILLS, FLIGHTS],
  },
  {
    name: 'the scope is missing from the collapse key',
    file: 'src/proxy/collapse.ts',
    text: 'const key = identifiedKey(x);\n    return axes',
    replacement: 'const key = x.target.authority + x.target.path + x.target.query;\n    return axes',
    caughtBy: [FLIGHTS, HUNT],
  },
  {
    name: 'the scope is missing from the key that a 304 is merged under',
    file: 'src/rules/key.ts',
    text: '`${scopeId.length}:${scopeId} ${target.scheme}',
    replacement: '`${target.scheme}',
    caughtBy: [VALIDATION, FLIGHTS, HUNT],
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
    name: 'an end that nothing verified is stored',
    file: 'src/proxy/commit.ts',
    text: "if (!end.verified && !x.route.policy.storeCloseDelimited) return { kind: 'refused', reason: 'close-delimited' };",
    replacement: '',
    caughtBy: [FILLS],
  },
  {
    name: 'what a settle window holds is stored',
    file: 'src/purge/marks.ts',
    text: 'return this.#state.holds.holding(subject.tagIds, subject.sentAt) ? HELD : verdict;',
    replacement: 'return verdict;',
    caughtBy: [FENCES],
  },
  {
    name: 'a version below the lowest acceptable is stored',
    file: 'src/purge/marks.ts',
    text: 'return this.#state.holds.accepts(stated);',
    replacement: 'return stated.length >= 0;',
    caughtBy: [FENCES],
  },
  {
    name: 'what was purged at the end of its body is stored, and judged at each use only',
    file: 'src/proxy/commit.ts',
    text: "if (verdict.kind === 'purged') return { kind: 'refused', reason: 'purged-in-flight' };",
    replacement: '',
    caughtBy: [FILLS],
  },
  {
    name: 'followers that go by themselves set out all at once',
    file: 'src/proxy/forward.ts',
    text: 'await delay(Math.floor(boarding.flight.nextAlone() / STAGGER_GROUP) * STAGGER_MS);',
    replacement: 'boarding.flight.nextAlone();',
    caughtBy: [HERD],
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
    name: 'the variants of a URL have any number of axes',
    file: 'src/proxy/commit.ts',
    text: "if (axes.length > MAX_AXES) return { kind: 'refused', reason: 'vary-too-wide' };",
    replacement: '',
    caughtBy: [BOUNDS],
  },
  {
    name: 'a part takes the place of a fresh whole',
    file: 'src/proxy/commit.ts',
    text: 'if (sameVariant !== undefined && sameVariant.part === undefined && sameVariant.freshUntil > response.receivedAt) {',
    replacement: 'if (Math.random() > 1) {',
    caughtBy: [PARTS],
  },
  {
    name: 'a purge looks through the store for what it hits',
    file: 'src/proxy/purge-request.ts',
    text: 'respondOwn(x, await x.parts.purgeGate.method(',
    replacement: 'x.parts.store.slice(0, 1_000);\n  respondOwn(x, await x.parts.purgeGate.method(',
    caughtBy: ['test/purge/purge-cost.test.ts'],
  },
  {
    name: 'the query is missing from the key',
    file: 'src/rules/key.ts',
    text: '${target.path}${target.query}`;',
    replacement: '${target.path}`;',
    caughtBy: [HUNT],
  },
  {
    name: 'the key holds the query as it came, not as it is forwarded',
    file: 'src/proxy/exchange.ts',
    text: 'this.target = keyedTarget(request.target, this.route.query);',
    replacement: 'this.target = request.target;',
    caughtBy: [HUNT],
  },
  {
    name: 'Vary is ignored at lookup',
    file: 'src/rules/variant.ts',
    text: 'if (stored.axes.length !== axes.length) return false;',
    replacement: 'if (stored.axes.length >= 0) return true;',
    caughtBy: [HUNT],
  },
  {
    name: 'Vary is ignored by followers',
    file: 'src/proxy/collapse.ts',
    text: 'return mine.every((value, i) => value === theirs[i]);',
    replacement: 'return mine.length === theirs.length;',
    caughtBy: [HUNT],
  },
  {
    name: 'followers share what is not shareable',
    file: 'src/proxy/taking.ts',
    text: 'if (!landing.judgement.shareable || !landing.fill.isWhole)',
    replacement: 'if (!landing.fill.isWhole)',
    caughtBy: [HUNT],
  },
  {
    name: 'fills share their chunks',
    file: 'src/proxy/fill.ts',
    text: '  #chunks: Buffer[] = [];',
    replacement: '  #chunks: Buffer[] = ((globalThis as { chunks?: Buffer[] }).chunks ??= []);',
    caughtBy: [HUNT],
  },
  {
    name: 'a reader that joins a relay begins where the others are',
    file: 'src/proxy/fill.ts',
    text: '      position: this.#dropped,',
    replacement: '      position: this.#dropped + Math.max(0, this.#chunks.length - 1),',
    caughtBy: [HUNT],
  },
  {
    name: 'a response with Set-Cookie is stored',
    file: 'src/rules/storability.ts',
    text: "return setsCookie && !policy.storeSetCookie ? 'set-cookie' : undefined;",
    replacement: "return setsCookie && policy.storeSetCookie ? 'set-cookie' : undefined;",
    caughtBy: [HUNT],
  },
  {
    name: 'an answer to an authorized request is stored for everybody',
    file: 'src/rules/storability.ts',
    text: "if (hasField(request.fields, 'authorization') && !authorizes) return 'authorization';",
    replacement: '',
    caughtBy: [HUNT],
  },
  {
    name: 'Authentication-Info goes to those who collapsed',
    file: 'src/proxy/forward.ts',
    text: 'collapsed ? { ...head, fields: withoutFields(head.fields, OF_ONE_EXCHANGE) } : head',
    replacement: 'collapsed ? { ...head, fields: withoutFields(head.fields, OF_ONE_EXCHANGE), ...head } : head',
    caughtBy: [HUNT, 'test/proxy/journey-hunted.test.ts'],
  },
  {
    name: 'a cut body is stored',
    file: 'src/proxy/flight.ts',
    text: "this.landing.fill.finish('failed', error.reason);",
    replacement: "this.#commit(this.landing, true);\n      this.landing.fill.finish('failed', error.reason);",
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
  {
    name: 'a quote that one line of Cache-Control leaves open hides the next',
    file: 'src/http/cache-control.ts',
    text: 'for (const member of lines.flatMap(listMembers)) {',
    replacement: "for (const member of listMembers(lines.join(', '))) {",
    caughtBy: ['test/fuzz/cache-control.test.ts', 'test/http/cache-control.test.ts'],
  },
];
