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
    name: "another owner's value is nothing special",
    file: 'src/validate/judge.ts',
    text: 'if (found.register.owner !== register.owner)',
    replacement: 'if (found.register.owner !== register.owner && found.version < 0)',
    caughtBy: [JUDGE, RUNS],
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
    text: "if (written.kind === 'lost') register.lose(sentAt);",
    replacement: "if (written.kind === 'refused') register.lose(sentAt);",
    caughtBy: [RUNS],
  },
  {
    name: 'what stood there is not put back where the run cannot begin',
    file: 'src/validate/validate.ts',
    text: '    await traffic.restore();\n    throw error;',
    replacement: '    throw error;',
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
