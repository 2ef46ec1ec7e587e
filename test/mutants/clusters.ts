// Ways to break the protocol between nodes, PURGE-PROTOCOL §6 "Teeth": in the core itself, and in what the simulation takes for Redis and for a cache.
import type { Mutant } from './mutant.ts';

const CORE = 'src/cluster/node-core.ts';
const PENDING = 'src/cluster/pending-purge.ts';
const CACHE = 'test/simulation/cache.ts';
const SCRIPTS = 'test/simulation/log-state.ts';
const REDIS = 'test/simulation/redis.ts';
const WORLD = 'test/simulation/world.ts';
const SEEDS = 'test/simulation/seeds.test.ts';
const EVENTS = 'test/cluster/node-core.test.ts';

export const CLUSTER_MUTANTS: readonly Mutant[] = [
  {
    name: 'cluster: a cluster confirms a purge before COMMIT',
    file: CORE,
    text: 'else this.#commit(pending);',
    replacement:
      "else {\n      this.#commit(pending);\n      const nodes = { confirmed: 0, expired: 0 };\n      this.#desk.end(pending, { kind: 'confirmed', id: { incarnation: 'i', seq: 1, nonce: 'n' }, nodes });\n    }",
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a cluster confirms a purge before all have acknowledged it',
    file: PENDING,
    text: 'if (logged.silent.size === 0 && now >=',
    replacement: 'if (now >=',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a lease counts from the answer to its renewal',
    file: CORE,
    text: 'this.#renewedUntil = leaseFrom(sentAt);',
    replacement: 'this.#renewedUntil = leaseFrom(sentAt.mono > 0 ? this.#now : sentAt);',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a lease is measured by the wall clock alone',
    file: 'src/cluster/lease-terms.ts',
    text: 'now.mono < until.mono && now.wall < until.wall',
    replacement: 'now.wall < until.wall',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster: silence is taken for the end of a lease as soon as a lease is long',
    file: 'src/cluster/lease-terms.ts',
    text: 'export const EXPIRY_MS = LEASE_MS * 1.02 + 50;',
    replacement: 'export const EXPIRY_MS = LEASE_MS * 0.5;',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster: a renewal does not catch up',
    file: CORE,
    text: 'if (!this.#apply(result.entries) || (this.#position?.applied ?? 0) < result.seq) return this.#lose();',
    replacement: '',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a renewal that lacks entries gives a lease',
    file: CORE,
    text: ' || (this.#position?.applied ?? 0) < result.seq) return this.#lose();',
    replacement: ') return this.#lose();',
    caughtBy: [EVENTS],
  },
  {
    name: 'cluster: what is pushed may leave a gap',
    file: 'src/cluster/log-position.ts',
    text: ' || entry.seq > applied + 1) return result(true);',
    replacement: ') return result(true);',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a purge is confirmed fast in a new incarnation',
    file: PENDING,
    text: ' && now >= seenSince + EXPIRY_MS) return',
    replacement: ' && now >= seenSince) return',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a new incarnation empties nobody',
    file: CORE,
    text: "this.#effects.push({ kind: 'empty', position: this.#position, holds: this.#holds }, {",
    replacement: 'this.#effects.push({',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a node is emptied when it joins, not when it first renews',
    file: CORE,
    text: '    this.#position = result.position;\n',
    replacement: '    this.#position = result.position;\n    this.#establish();\n',
    caughtBy: [EVENTS],
  },
  {
    name: 'cluster: a node serves what a write could not purge',
    file: CORE,
    text: ' || this.#owed.first !== undefined || this.#desk.owesApplying;',
    replacement: ';',
    caughtBy: [EVENTS],
  },
  {
    name: 'cluster: a purge goes by its number alone',
    file: 'src/cluster/purge-desk.ts',
    text: 'return `${incarnation}.${seq}.${nonce}`;',
    replacement: 'return nonce === undefined ? incarnation : `${incarnation}.${seq}`;',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a new incarnation leaves the lease',
    file: CORE,
    text: "return this.#state !== 'running' || !this.#established || this.#owed",
    replacement: "return this.#state !== 'running' || this.#owed",
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster: a node that leaves keeps its lease',
    file: CORE,
    text: "return this.#state !== 'running' || !this",
    replacement: 'return !this',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: a barrier in flight takes whoever arrives meanwhile',
    file: 'src/cluster/barriers.ts',
    text: '    this.#queued.push(token);',
    replacement: '    if (this.#riding.length > 0) this.#riding = [...this.#riding, token];\n    else this.#queued.push(token);',
    caughtBy: [EVENTS],
  },
  {
    name: 'cluster: a bound of an open purge is too short',
    file: PENDING,
    text: 'boundMs: Math.max(0, Math.ceil(at + EXPIRY_MS - now))',
    replacement: 'boundMs: Math.max(0, Math.ceil(at - now))',
    caughtBy: [SEEDS, EVENTS],
  },
  {
    name: 'cluster: the result of WAIT is ignored',
    file: REDIS,
    text: 'done(ok ? result : undefined)',
    replacement: 'done(ok || !ok ? result : undefined)',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster: of an odd number of replicas a minority is enough',
    file: REDIS,
    text: 'Math.ceil(this.#options.replicas / 2)',
    replacement: 'Math.floor(this.#options.replicas / 2)',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster: the counters of nodes begin again',
    file: SCRIPTS,
    text: 'counter: ++state.counter, acked });',
    replacement: 'counter: (state.nodes.get(nodeId)?.counter ?? 0) + 1, acked });',
    caughtBy: ['test/simulation/log-state.test.ts'],
  },
  {
    name: 'cluster: a lost list of nodes is not noticed',
    file: SCRIPTS,
    text: ' || state.listIncarnation !== incarnation) return',
    replacement: ') return',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster, simulated: asOf is read at the head',
    file: CACHE,
    text: '    flight.head = { stated',
    replacement: '    Object.assign(flight, { asOf: this.#marks.epoch });\n    flight.head = { stated',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster, simulated: no gate at the end of a body, and none at a hit',
    file: CACHE,
    text: "    if (verdict.kind === 'ok') return entry;",
    replacement: '    if (verdict.kind.length > 0) return entry;',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster, simulated: a hit needs no lease',
    file: CACHE,
    text: 'if (!trusted) return this.#bypass(waiter, now);',
    replacement: 'if (!trusted && !this.hasUseFor(request)) return this.#bypass(waiter, now);',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster, simulated: a follower joins and takes unconditionally',
    file: CACHE,
    text: 'return isClean && (waiter.trusted || now.mayServe);',
    replacement: 'return now.ms > 0;',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster, simulated: without a lease a request joins an earlier fetch',
    file: CACHE,
    text: 'if (running !== undefined) {',
    replacement:
      'const earlier = [...this.#flights.values()].find((flight) => flight.key === key && flight.head === undefined);\n    if (earlier !== undefined) {\n      earlier.waiters.push({ ...waiter, arrivalOrder: 0 });\n      return;\n    }\n    if (running !== undefined) {',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster, simulated: stale-while-revalidate serves what was purged',
    file: CACHE,
    text: '    const verdict = this.#marks.gateEntry(entry);\n',
    replacement:
      "    const asked = this.#marks.gateEntry(entry);\n    const verdict = entry.receivedAt + 1_200 < (entry.freshUntil - entry.receivedAt) * 2 + entry.receivedAt ? asked : ({ kind: 'ok' } as const);\n",
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster, simulated: a 304 revives what was purged',
    file: CACHE,
    text: '    const { base, asOf, sentAt } = flight;',
    replacement: '    Object.assign(flight, { asOf: this.#marks.epoch });\n    const { base, asOf, sentAt } = flight;',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster, simulated: time passes between the gate of a hit and its head',
    file: WORLD,
    text: 'const committed = { ...answer, committedAt: this.#schedule.now,',
    replacement: 'const committed = { ...answer, committedAt: this.#schedule.now + 3,',
    caughtBy: [SEEDS],
  },
  {
    name: 'cluster: a purge claims the confirmation of nodes that are silent',
    file: PENDING,
    text: 'confirmed: listed - silent.size,',
    replacement: 'confirmed: listed + 0 * silent.size,',
    caughtBy: [SEEDS, EVENTS],
  },
];
