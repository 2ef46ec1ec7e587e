// Ways to let two parties read a connection differently: SECURITY §1, §2 and §9.
import type { Mutant } from './mutant.ts';

const REQUESTS = 'test/security/request-framing.test.ts';

export const FRAMING_MUTANTS: readonly Mutant[] = [
  {
    name: 'what comes behind an expectation without a body is forwarded and never answered',
    file: 'src/proxy/listener.ts',
    text: " || (head.expectsContinue && head.body.kind === 'none')",
    replacement: '',
    caughtBy: [REQUESTS],
  },
];
