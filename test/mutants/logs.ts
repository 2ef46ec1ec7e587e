// Ways to break the protocol where it meets Redis and requests: the scripts, the calls, what a node does with their answers, and barriers. PURGE-PROTOCOL §4.2, §4.3, §6 "Teeth".
import type { Mutant } from './mutant.ts';

const SCRIPTS = 'src/cluster/redis-scripts.ts';
const LOG = 'src/cluster/redis-log.ts';
const DRIVER = 'src/cluster/node-driver.ts';
const CALLS = 'test/cluster/redis-log.test.ts';
const DRIVEN = 'test/cluster/node-driver.test.ts';

export const LOG_MUTANTS: readonly Mutant[] = [
  {
    name: 'Redis: what too few replicas have counts as written',
    file: LOG,
    text: 'return isWritten && !isReplicated ? failed',
    replacement: 'return isWritten && !isReplicated && replicas > 99 ? failed',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: of an odd number of replicas a minority is enough',
    file: LOG,
    text: 'Math.ceil(replicas / 2)',
    replacement: 'Math.floor(replicas / 2)',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: a renewal delivers nothing',
    file: SCRIPTS,
    text: "return { 'renewed', seq, entries }",
    replacement: "return { 'renewed', seq, {} }",
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: a gap in the log goes unnoticed',
    file: SCRIPTS,
    text: "if seqOf(entries[1]) ~= applied + 1 or #entries ~= seq - applied then return { 'gap' } end",
    replacement: '',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: a purge goes by its number alone',
    file: SCRIPTS,
    text: "if nonceOf(entry) ~= ARGV[4] then return { 'changed' } end",
    replacement: '',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: another server goes on with the incarnation',
    file: SCRIPTS,
    text: ' or inc[2] ~= id or not seq',
    replacement: ' or not seq',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: a lost list of nodes goes unnoticed',
    file: SCRIPTS,
    text: "redis.call('HGET', NODES, '!inc') ~= inc[1] or ",
    replacement: '',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: lost holds go unnoticed',
    file: SCRIPTS,
    text: " or redis.call('HGET', HOLDS, '!inc') ~= inc[1]",
    replacement: '',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: a new incarnation forgets holds that are there',
    file: SCRIPTS,
    text: "redis.call('DEL', INC, LOG, NODES, ACK)",
    replacement: "redis.call('DEL', INC, LOG, NODES, ACK, HOLDS)",
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: a purge that is too much for the holds is numbered',
    file: SCRIPTS,
    text: "  if not isRoom() then return { 'out-of-holds' } end",
    replacement: '',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: an eviction takes whoever has the name',
    file: SCRIPTS,
    text: "' (%d+)$') == ARGV[i + 1] then",
    replacement: "' (%d+)$') ~= '' then",
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: numbers of renewals come twice',
    file: SCRIPTS,
    text: "local count = redis.call('HINCRBY', NODES, '!count', 1)",
    replacement: 'local count = 1',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: who is not listed acknowledges',
    file: SCRIPTS,
    text: "if redis.call('HEXISTS', NODES, ARGV[5]) == 1 then",
    replacement: 'if true then',
    caughtBy: [CALLS],
  },
  {
    name: 'Redis: another secret is let in',
    file: SCRIPTS,
    text: "if check and check ~= ARGV[2] then return { 'secret-differs' } end",
    replacement: '',
    caughtBy: [CALLS],
  },
  {
    name: 'a node whose log is another one keeps what it has',
    file: DRIVER,
    text: '        writer.restart(clock.now());\n',
    replacement: '',
    caughtBy: [DRIVEN],
  },
  {
    name: 'a node applies nothing of what others purge',
    file: DRIVER,
    text: 'if (this.#apply(purge) !== epoch + 1) this.#count();',
    replacement: '',
    caughtBy: [DRIVEN],
  },
  {
    name: 'a hit needs no barrier',
    file: 'src/proxy/handle.ts',
    text: 'begin(request, client, passed ? parts : ',
    replacement: 'begin(request, client, passed || !passed ? parts : ',
    caughtBy: ['test/proxy/barrier.test.ts'],
  },
  {
    name: 'a worker shares a barrier that was asked before its request came',
    file: 'src/workers/batched.ts',
    text: '    queued ??= running.then(start);\n    return queued;',
    replacement: '    queued ??= running;\n    return queued;',
    caughtBy: ['test/workers/batched.test.ts'],
  },
];
