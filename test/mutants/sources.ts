// Ways to break what fetches events: what is acknowledged, in which order rows are read, and what a trigger leaves in the outbox.
import type { Mutant } from './mutant.ts';

const IN_FLIGHT = 'src/events/in-flight.ts';
const CARRIED = 'test/events/in-flight.test.ts';
const SQL = 'src/events/outbox-sql.ts';
const WRITTEN = 'test/events/outbox-sql.test.ts';

export const SOURCE_MUTANTS: readonly Mutant[] = [
  {
    name: 'sources: an event that was not confirmed is acknowledged',
    file: IN_FLIGHT,
    text: "if (taken.kind !== 'failed') return 'over';",
    replacement: "return 'over';",
    caughtBy: [CARRIED],
  },
  {
    name: 'sources: an event that was rejected is acknowledged and gone',
    file: IN_FLIGHT,
    text: "if (taken.kind === 'rejected') return { fault: faultsOf(taken) };",
    replacement: '',
    caughtBy: [CARRIED],
  },
  {
    name: 'sources: an event that failed is overtaken by the next of its subject',
    file: IN_FLIGHT,
    text: 'this.#turns.run(subjectOf(read.event), () =>',
    replacement: 'this.#turns.run(undefined, () =>',
    caughtBy: [CARRIED],
  },
  {
    name: 'sources: what was not over at the end is acknowledged',
    file: IN_FLIGHT,
    text: "if (end === 'kept') return;",
    replacement: "if (end === 'kept') this.#done.add(id);",
    caughtBy: [CARRIED],
  },
  {
    name: 'sources: a backlog that nobody can measure does not grow older',
    file: 'src/events/backlog.ts',
    text: 'oldestMs + Math.max(0, now - at)',
    replacement: 'oldestMs',
    caughtBy: [CARRIED],
  },
  {
    name: 'outbox: a row of a new table is taken for the one that had its number',
    file: 'src/events/outbox-row.ts',
    text: 'id: `${id}@${at}`',
    replacement: 'id',
    caughtBy: ['test/events/stream-entry.test.ts'],
  },
  {
    name: 'outbox: rows are read in the order of their numbers as texts',
    file: 'src/events/outbox-table.ts',
    text: 'ORDER BY outbox.id LIMIT $2',
    replacement: 'ORDER BY id LIMIT $2',
    caughtBy: ['test/events/outbox.test.ts'],
  },
  {
    name: 'outbox: an update of a key purges the new one only',
    file: SQL,
    text: "IF TG_OP IN ('UPDATE', 'DELETE') THEN",
    replacement: "IF TG_OP = 'DELETE' THEN",
    caughtBy: [WRITTEN],
  },
  {
    name: 'outbox: a name ends the body of a function',
    file: SQL,
    text: "while (names.includes(`$${quote}$`)) quote += '_';",
    replacement: '',
    caughtBy: [WRITTEN],
  },
  {
    name: 'configuration: the password of an outbox is shown',
    file: 'src/config/mask.ts',
    text: '(?:https?|rediss?|postgres(?:ql)?)',
    replacement: '(?:https?|rediss?)',
    caughtBy: ['test/config/sources.test.ts'],
  },
];
