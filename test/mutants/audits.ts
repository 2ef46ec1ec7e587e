// Ways to audit wrongly: to miss a miss, to report what is none, or to ask the origin otherwise than the client did. docs/auditor.md.
import type { Mutant } from './mutant.ts';

const VERDICT = 'test/audit/verdict.test.ts';
const CONTENT = 'test/audit/content.test.ts';
const PATHS = 'test/audit/json-path.test.ts';
const PARTS = 'test/audit/parts.test.ts';
const AUDITOR = 'test/audit/auditor.test.ts';

export const AUDIT_MUTANTS: readonly Mutant[] = [
  {
    name: 'a purge between the hit and the reading is not seen',
    file: 'src/audit/verdict.ts',
    text: "  if (reading.entry === 'purged') return 'caught';\n",
    replacement: '',
    caughtBy: [VERDICT],
  },
  {
    name: 'a purge while the origin is read again comes too late',
    file: 'src/audit/verdict.ts',
    text: "  if (entry === 'purged') return { verdict: 'caught', differences: first };\n",
    replacement: '',
    caughtBy: [VERDICT],
  },
  {
    name: 'a replica that lags is taken for a write',
    file: 'src/audit/verdict.ts',
    text: "return reading.order === 'older' ? 'unstable' : 'watch';",
    replacement: "return 'watch';",
    caughtBy: [VERDICT],
  },
  {
    name: 'an origin that differs with itself is a miss',
    file: 'src/audit/verdict.ts',
    text: 'pathsOutside(second, between).filter',
    replacement: 'second.filter',
    caughtBy: [VERDICT, AUDITOR],
  },
  {
    name: 'whatever differs once is a miss',
    file: 'src/audit/verdict.ts',
    text: "second.length === 0 || orders[1] === 'older'",
    replacement: "orders[1] === 'older'",
    caughtBy: [VERDICT],
  },
  {
    name: 'a miss is hidden by what else differs',
    file: 'src/audit/verdict.ts',
    text: 'return lasting.length > 0 ?',
    replacement: 'return between.length === 0 ?',
    caughtBy: [VERDICT],
  },
  {
    name: 'a version that rose proves nothing',
    file: 'src/audit/order-of.ts',
    text: "  if (steps.includes(1)) return 'newer';\n",
    replacement: '',
    caughtBy: [VERDICT],
  },
  {
    name: 'few audits prove all nines',
    file: 'src/audit/consistency.ts',
    text: '(judged + 1) / (missed + 1)',
    replacement: '(judged + 1) / (missed + 1e-9)',
    caughtBy: [VERDICT],
  },
  {
    name: 'a member that one lacks is not missed',
    file: 'src/audit/changed-paths.ts',
    text: 'new Set([...Object.keys(a), ...Object.keys(b)])',
    replacement: 'new Set(Object.keys(a))',
    caughtBy: [PATHS],
  },
  {
    name: 'long numbers are rounded',
    file: 'src/audit/json-value.ts',
    text: 'return isExact ? value : new Decimal(canonicalNumber(source));',
    replacement: 'return isExact ? value : value;',
    caughtBy: [CONTENT],
  },
  {
    name: 'keys that may be data are shown',
    file: 'src/audit/changed-paths.ts',
    text: "'[…]'",
    replacement: "'$&'",
    caughtBy: [PATHS],
  },
  {
    name: 'another thing of the kind is a typo',
    file: 'src/audit/hints.ts',
    text: '!/\\d/.test(a.id + b.id) && ',
    replacement: '',
    caughtBy: [PARTS],
  },
  {
    name: 'bodies are decoded without a bound',
    file: 'src/audit/compare.ts',
    text: '{ maxOutputLength: maxBodyBytes }',
    replacement: '{ maxOutputLength: Infinity }',
    caughtBy: [PARTS],
  },
  {
    name: 'the draw is not by chance',
    file: 'src/audit/countdown.ts',
    text: '1 + Math.floor(Math.log1p(-random) / Math.log1p(-share))',
    replacement: '1 + Math.floor(random / share)',
    caughtBy: [PARTS],
  },
  {
    name: 'an audit asks with the conditions of the client',
    file: 'src/audit/auditor.ts',
    text: "fetchRequest(x, { kind: 'own' })",
    replacement: "fetchRequest(x, { kind: 'client' })",
    caughtBy: [AUDITOR],
  },
  {
    name: 'values of queries stand in reports',
    file: 'src/audit/auditor.ts',
    text: 'withoutQueryValues(pathAndQuery(target))',
    replacement: 'pathAndQuery(target)',
    caughtBy: [AUDITOR],
  },
  {
    name: 'what is stale on purpose is audited',
    file: 'src/audit/auditor.ts',
    text: "reason !== 'fresh' || ",
    replacement: '',
    caughtBy: [AUDITOR],
  },
  {
    name: 'an entry that has ended by itself is a miss',
    file: 'src/audit/auditor.ts',
    text: 'clock.now() < stored.freshUntil && store.holds(key, stored)',
    replacement: 'stored.freshUntil > 0',
    caughtBy: [AUDITOR],
  },
  {
    name: 'audits take the connections of clients',
    file: 'src/origin/pool.ts',
    text: '(this.#running + 1) * 2 <= this.settings.connections',
    replacement: 'this.#running < this.settings.connections',
    caughtBy: [AUDITOR],
  },
  {
    name: 'audits probe a broken origin',
    file: 'src/origin/pool.ts',
    text: '!this.isOpen && this.#line.length === 0',
    replacement: 'this.#line.length === 0',
    caughtBy: [AUDITOR],
  },
];
