// Ways to break what fetches events: what is acknowledged, in which order rows are read, and what a trigger leaves in the outbox.
import type { Mutant } from './mutant.ts';

const STREAM = 'src/events/redis-stream.ts';
const STREAMED = 'test/events/redis-stream.test.ts';
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
    text: "return `${id}@${at ?? 'infinity'}`;",
    replacement: "return at === undefined ? '' : id;",
    caughtBy: ['test/events/stream-entry.test.ts'],
  },
  {
    name: 'outbox: rows are read in the order of their numbers as texts',
    file: 'src/events/outbox-table.ts',
    text: 'ORDER BY outbox.id LIMIT $3',
    replacement: 'ORDER BY id LIMIT $3',
    caughtBy: ['test/events/outbox.test.ts'],
  },
  {
    name: 'outbox: a row of no time keeps the others waiting',
    file: 'src/events/outbox-table.ts',
    text: "created_at BETWEEN '1970-01-01' AND '9999-12-31'",
    replacement: 'isfinite(created_at)',
    caughtBy: ['test/events/outbox.test.ts'],
  },
  {
    name: 'outbox: a row is taken for the one that had its number and is deleted for it',
    file: 'src/events/outbox-table.ts',
    text: 'const isOneOf = `outbox.id = ANY ($1::bigint[]) AND ${key} = ANY ($2::text[])`;',
    replacement: 'const isOneOf = `outbox.id = ANY ($1::bigint[]) AND $2::text[] IS NOT NULL`;',
    caughtBy: ['test/events/outbox.test.ts'],
  },
  {
    name: 'outbox: whoever has no lock reads too',
    file: 'src/events/outbox.ts',
    text: "answer?.isOurs === true ? 'reads' : 'stands-by'",
    replacement: "answer !== undefined ? 'reads' : 'stands-by'",
    caughtBy: ['test/events/outbox.test.ts'],
  },
  {
    name: 'stream: whoever has no lease reads too',
    file: STREAM,
    text: "utf8(kind) === 'theirs'",
    replacement: "utf8(kind) === 'nobody'",
    caughtBy: [STREAMED],
  },
  {
    name: 'stream: what a consumer that is gone had is left to it',
    file: STREAM,
    text: 'isNew ? 0 : 2 * LEASE_MS',
    replacement: '86_400_000',
    caughtBy: [STREAMED],
  },
  {
    name: 'stream: what was removed while nobody read is forgotten',
    file: 'src/events/stream-scripts.ts',
    text: 'if before then lost = math.max(0, read - before) end',
    replacement: '',
    caughtBy: [STREAMED],
  },
  {
    name: 'stream: everything is purged for the same loss at every start',
    file: 'src/events/stream-scripts.ts',
    text: "if read ~= tonumber(before or '') then redis.call('SET', KEYS[4], read) end",
    replacement: '',
    caughtBy: [STREAMED],
  },
  {
    name: 'stream: a group that was destroyed while nobody read is taken for a new one',
    file: 'src/events/stream-scripts.ts',
    text: "ARGV[3] == '1' or wasSeen",
    replacement: "ARGV[3] == '1'",
    caughtBy: [STREAMED],
  },
  {
    name: 'stream: a group that was made again is forgotten where the answer is lost',
    file: 'src/events/stream-scripts.ts',
    text: "return { redis.call('GET', KEYS[5]) or 'nothing' }",
    replacement: "local owed = redis.call('GET', KEYS[5]) or 'nothing' redis.call('DEL', KEYS[5]) return { owed }",
    caughtBy: [STREAMED],
  },
  {
    name: 'stream: what a claim finds gone is forgotten before its purge',
    file: 'src/events/stream-scripts.ts',
    text: "if claimed[3] and #claimed[3] > 0 then redis.call('SET', KEYS[5], 'entries') end",
    replacement: '',
    caughtBy: [STREAMED],
  },
  {
    name: 'stream: who stood by takes a group that was lost for one that never was',
    file: STREAM,
    text: 'if (isTheirs) this.#group.wasSeen();',
    replacement: '',
    caughtBy: [STREAMED],
  },
  {
    name: 'stream: what is to be set aside in a group that is gone is tried for ever',
    file: 'src/events/stream-scripts.ts',
    text: "and string.sub(pending['err'], 1, 7) ~= 'NOGROUP'",
    replacement: '',
    caughtBy: [STREAMED],
  },
  {
    name: 'outbox: any certificate will do',
    file: 'src/events/postgres-session.ts',
    text: 'rejectUnauthorized,\n',
    replacement: 'rejectUnauthorized: false,\n',
    caughtBy: ['test/events/reach.test.ts'],
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
