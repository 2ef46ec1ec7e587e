// Ways to break `freshet validate` so that it finds less than there is, or more.
import type { Mutant } from './mutant.ts';

const JUDGE = 'test/validate/judge.test.ts';
const RUNS = 'test/validate/validate.test.ts';

export const VALIDATION_MUTANTS: readonly Mutant[] = [
  {
    name: 'whatever a read shows is right',
    file: 'src/validate/judge.ts',
    text: "if (version >= floor) return { kind: 'right', version };",
    replacement: "if (version >= Math.min(floor, -1)) return { kind: 'right', version };",
    caughtBy: [JUDGE, RUNS],
  },
  {
    name: 'nothing that is stale is ever missed',
    file: 'src/validate/judge.ts',
    text: 'isMissed: lateMs >= mayLagMs + graceMs',
    replacement: 'isMissed: lateMs < 0',
    caughtBy: [JUDGE, RUNS],
  },
  {
    name: 'what the API itself answers late has been missed',
    file: 'src/validate/tally.ts',
    text: 'verdict.isMissed && isHit;',
    replacement: 'verdict.isMissed;',
    caughtBy: [RUNS],
  },
  {
    name: 'a read that could never be judged is no fault',
    file: 'src/validate/report.ts',
    text: 'judged === 0 ? Math.max',
    replacement: 'judged < 0 ? Math.max',
    caughtBy: [RUNS],
  },
  {
    name: 'it prepares what nobody waits for any more',
    file: 'src/validate/traffic.ts',
    text: 'if (this.#parts.ended.aborted) throw',
    replacement: 'if (this.#parts.ended.aborted && this.#touched.size > 9) throw',
    caughtBy: [RUNS],
  },
  {
    name: 'nothing is read once more at the end',
    file: 'src/validate/traffic.ts',
    text: 'for (const asking of left.slice(0, MOST_LAST_READS)) await this.#ask(asking);',
    replacement: '',
    caughtBy: [RUNS],
  },
  {
    name: "another owner's value is nothing special",
    file: 'src/validate/judge.ts',
    text: 'if (found.register.owner !== register.owner)',
    replacement: 'if (found.register.owner !== register.owner && found.version < 0)',
    caughtBy: [JUDGE, RUNS],
  },
  {
    name: "a number that looks like another's is another's, whatever stands beside it",
    file: 'src/validate/judge.ts',
    text: '(coin.isUnmistakable || version === -1)',
    replacement: 'version < Infinity',
    caughtBy: [JUDGE],
  },
  {
    name: "another's text beside one's own is nothing special",
    file: 'src/validate/judge.ts',
    text: '(coin.isUnmistakable || version === -1)',
    replacement: 'version === -1',
    caughtBy: [JUDGE],
  },
  {
    name: 'nothing is said of what stays where the run cannot begin',
    file: 'src/validate/validate.ts',
    text: 'for (const note of leftBehind(tally)) say(note);',
    replacement: '',
    caughtBy: [RUNS],
  },
  {
    name: 'nothing is said of writes that may still land',
    file: 'src/validate/traffic.ts',
    text: 'filter(({ register }) => register.isLost)',
    replacement: 'filter(({ register }) => !register.isLost && register.isBusy)',
    caughtBy: [RUNS],
  },
  {
    name: 'a value that is put back too late is thought to stay',
    file: 'src/validate/writing.ts',
    text: "if (written.kind === 'lost') register.lose(sentAt);\n    return written;\n  }\n\n  async #send",
    replacement: 'return written;\n  }\n\n  async #send',
    caughtBy: [RUNS],
  },
  {
    name: 'a read is held to a write that was acknowledged at the same moment',
    file: 'src/validate/register.ts',
    text: '(ack) => ack.at < at',
    replacement: '(ack) => ack.at <= at',
    caughtBy: [JUDGE],
  },
  {
    name: 'reads are held to a write that nobody confirmed',
    file: 'src/validate/writing.ts',
    text: "if (written.kind === 'confirmed') register.acknowledge",
    replacement: "if (written.kind !== 'lost') register.acknowledge",
    caughtBy: [RUNS],
  },
  {
    name: 'a write that may still happen is over',
    file: 'src/validate/writing.ts',
    text: "if (written.kind === 'lost') register.lose(sentAt);\n    return written;\n  }\n\n  /** A value",
    replacement: 'return written;\n  }\n\n  /** A value',
    caughtBy: [RUNS],
  },
  {
    name: 'what stood there is not put back where the run cannot begin',
    file: 'src/validate/validate.ts',
    text: '    await traffic.restore();\n    for',
    replacement: '    for',
    caughtBy: [RUNS],
  },
  {
    name: 'of two versions in a list the last one counts',
    file: 'src/validate/judge.ts',
    text: 'version = Math.max(version, found.version);',
    replacement: 'version = found.version;',
    caughtBy: [JUDGE],
  },
];
