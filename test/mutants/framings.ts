// Ways to let two parties read a connection differently: SECURITY §1, §2 and §9.
import type { Mutant } from './mutant.ts';

const RESPONSES = 'test/security/response-framing.test.ts';
const REQUESTS = 'test/security/request-framing.test.ts';

export const FRAMING_MUTANTS: readonly Mutant[] = [
  {
    name: 'what comes behind an expectation without a body is forwarded and never answered',
    file: 'src/proxy/listener.ts',
    text: " || (head.expectsContinue && head.body.kind === 'none')",
    replacement: '',
    caughtBy: [REQUESTS],
  },
  {
    name: 'a response with more behind it is stored',
    file: 'src/proxy/commit.ts',
    text: "if (end === 'overrun') return { kind: 'refused', reason: 'overrun' };",
    replacement: '',
    caughtBy: [RESPONSES],
  },
  {
    name: 'what is behind a response is not looked for',
    file: 'src/origin/call.ts',
    text: "return client?.overran === true ? 'overrun' : 'verified';",
    replacement: "return 'verified';",
    caughtBy: [RESPONSES],
  },
  {
    name: 'a 1xx keeps a length',
    file: 'src/proxy/fetch.ts',
    text: 'status < 200 || status === 204 ? withoutFields(hop.fields, LENGTH) : hop.fields',
    replacement: 'hop.fields',
    caughtBy: [RESPONSES],
  },
  {
    name: 'a head waits for its body',
    file: 'src/proxy/node-client.ts',
    text: 'queueMicrotask(() => this.#flush());',
    replacement: '',
    caughtBy: ['test/proxy/node-client.test.ts'],
  },
];
