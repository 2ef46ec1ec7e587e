// Ways to let two parties read a connection differently: SECURITY §1, §2 and §9.
import type { Mutant } from './mutant.ts';

const RESPONSES = 'test/security/response-framing.test.ts';
const ABORTS = 'test/security/aborts.test.ts';
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
    name: 'what is behind a response is not looked for',
    file: 'src/origin/call.ts',
    text: "return client?.overran === true ? 'overrun' : 'verified';",
    replacement: "return 'verified';",
    caughtBy: [RESPONSES],
  },
  {
    name: 'whose request it is may be said by an answer with more behind it',
    file: 'src/proxy/scope-question.ts',
    text: "if (how === 'overrun') this.#asked.resolve(",
    replacement: 'if (false) this.#asked.resolve(',
    caughtBy: ['test/proxy/journey-lookup.test.ts'],
  },
  {
    name: 'what is passed goes on at the origin when its client has left',
    file: 'src/proxy/passage.ts',
    text: '    call.abort();\n',
    replacement: '',
    caughtBy: [ABORTS],
  },
  {
    name: 'a fetch that nobody waits for goes on',
    file: 'src/proxy/flight.ts',
    text: '    this.#call?.abort();\n    this.#finish();',
    replacement: '    this.#finish();',
    caughtBy: [ABORTS],
  },
  {
    name: 'the time limit of a follower outlives its answer',
    file: 'src/proxy/flight.ts',
    text: '    clearTimeout(timer);',
    replacement: '',
    caughtBy: [ABORTS],
  },
  {
    name: 'freshness goes by the wall clock',
    file: 'src/clock.ts',
    text: 'now: () => performance.timeOrigin + performance.now(),',
    replacement: 'now: () => Date.now(),',
    caughtBy: ['test/security/life-cycle.test.ts'],
  },
  {
    name: 'a field with an underscore passes for another',
    file: 'src/http/forwarding.ts',
    text: '  if (isDisguised(name)) return true;\n',
    replacement: '',
    caughtBy: [REQUESTS, 'test/security/poisoning.test.ts'],
  },
  {
    name: 'an axis with an underscore selects what is stored',
    file: 'src/rules/storability.ts',
    text: ' || isSpelledTwice(request.fields, axes)',
    replacement: '',
    caughtBy: ['test/security/poisoning.test.ts'],
  },
  {
    name: 'a 1xx keeps a length',
    file: 'src/proxy/fetch.ts',
    text: 'status < 200 || status === 204 ? withoutFields(hop.fields, LENGTH) : hop.fields',
    replacement: 'hop.fields',
    caughtBy: [RESPONSES],
  },
  {
    name: 'a 1xx does not wait for its turn',
    file: 'src/proxy/node-client.ts',
    text: 'if (this.#response.socket !== null) return write();',
    replacement: 'if (this.#response.socket !== undefined) return write();',
    caughtBy: ['test/proxy/pipelined.test.ts'],
  },
  {
    name: 'a head waits for its body',
    file: 'src/proxy/node-client.ts',
    text: 'queueMicrotask(() => this.#flush());',
    replacement: '',
    caughtBy: ['test/proxy/node-client.test.ts'],
  },
];
