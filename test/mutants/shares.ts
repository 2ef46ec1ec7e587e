// Ways to let a node take from Redis what it must not: PURGE-PROTOCOL §6 "Teeth", SECURITY §12.
import type { Mutant } from './mutant.ts';

const VALUES = 'test/cluster/shared-body.test.ts';
const BODIES = 'test/cluster/shared-bodies.test.ts';
const NODES = 'test/cluster/shared.test.ts';

export const SHARE_MUTANTS: readonly Mutant[] = [
  {
    name: 'shared: what was fetched before this node came is used',
    file: 'src/cluster/log-epochs.ts',
    text: 'const n = seq - ahead;',
    replacement: 'const n = Math.max(least, seq - ahead);',
    caughtBy: [BODIES, NODES, 'test/cluster/log-epochs.test.ts'],
  },
  {
    name: 'shared: what another incarnation wrote is read',
    file: 'src/cluster/shared-bodies.ts',
    text: ':b:${incarnation}:',
    replacement: ':b:${incarnation.slice(0, 0)}:',
    caughtBy: [BODIES],
  },
  {
    name: 'shared: the name of a value has no scope',
    file: 'src/cluster/shared-bodies.ts',
    text: '${hashed(this.#parts.key, key)}`',
    replacement: "${hashed(this.#parts.key, key.replace(/^\\d+:\\S* /, ''))}`",
    caughtBy: [NODES],
  },
  {
    name: 'shared: what was stored by other rules is used',
    file: 'src/proxy/shared.ts',
    text: '`${key} ${settings.keying}`',
    replacement: '`${key} ${settings.keying.slice(settings.keying.length)}`',
    caughtBy: ['test/proxy/shared.test.ts'],
  },
  {
    name: 'shared: what a purge that is under way by other rules leaves out is used after it',
    file: 'src/cluster/node-driver.ts',
    text: 'this.#count(1);',
    replacement: 'this.#count();',
    caughtBy: ['test/cluster/cluster-authority.test.ts'],
  },
  {
    name: 'shared: nothing is shared any more once epochs have started again',
    file: 'src/cluster/node-driver.ts',
    text: 'if (this.#apply(purge) !== epoch + 1) this.#count();',
    replacement: 'this.#apply(purge);',
    caughtBy: ['test/cluster/cluster-authority.test.ts'],
  },
  {
    name: 'shared: a value is read whoever wrote it',
    file: 'src/cluster/shared-body.ts',
    text: 'timingSafeEqual(value.subarray(0, MAC_BYTES), macOf(bytes, place)) ? bytes',
    replacement: 'timingSafeEqual(macOf(bytes, place), macOf(bytes, place)) ? bytes',
    caughtBy: [VALUES, BODIES],
  },
  {
    name: 'shared: a value is read wherever it lies',
    file: 'src/cluster/shared-body.ts',
    text: '.update(`${name.length}:${name}`)',
    replacement: '.update(`${name.length - name.length}`)',
    caughtBy: [VALUES],
  },
  {
    name: 'shared: a value is used however long it has lain there',
    file: 'src/cluster/shared-bodies.ts',
    text: 'const sinceMs = Math.max(shared.freshMs - leftMs, wall() - shared.wroteAt, 0);',
    replacement: 'const sinceMs = Math.max(shared.freshMs - shared.freshMs, leftMs - leftMs, 0 * wall());',
    caughtBy: [BODIES],
  },
  {
    name: 'shared: a question waits for Redis',
    file: 'src/cluster/shared-bodies.ts',
    text: "late.reject(new Error('no answer in time')), DEADLINE_MS)",
    replacement: "late.reject(new Error('no answer in time')), 1000 * DEADLINE_MS)",
    caughtBy: [BODIES],
  },
];
