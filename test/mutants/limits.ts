// Ways to take the limits of the client side away: SECURITY §8, S6.
import type { Mutant } from './mutant.ts';

const BODIES = 'test/proxy/journey-request-body.test.ts';
const ADMISSION = 'test/proxy/admission.test.ts';
const PACE = 'test/proxy/pace.test.ts';
const LIMITS = 'test/proxy/journey-limits.test.ts';

export const LIMIT_MUTANTS: readonly Mutant[] = [
  {
    name: 'a remembered token outlives the keys that verified it',
    file: 'src/identity/verifier.ts',
    text: 'claims.until, found.until, now',
    replacement: 'claims.until, now',
    caughtBy: ['test/identity/remote-keys.test.ts'],
  },
  {
    name: 'made-up key ids fill the room of tokens whose key is there',
    file: 'src/identity/remote-keys.ts',
    text: 'if (unknown.waiting >= MAX_UNKNOWN) return present;',
    replacement: '',
    caughtBy: ['test/identity/remote-keys.test.ts'],
  },
  {
    name: 'a body that says that it is too large is passed on',
    file: 'src/proxy/handle.ts',
    text: 'if ((x.request.bodyBytes ?? 0) > x.route.maxRequestBodyBytes) return refuseBody(x);',
    replacement: '',
    caughtBy: [BODIES],
  },
  {
    name: 'a body in chunks grows without end',
    file: 'src/proxy/outbound.ts',
    text: 'body?.bound(x.route.maxRequestBodyBytes);',
    replacement: '',
    caughtBy: [BODIES],
  },
  {
    name: 'a write whose body grew too large did not happen',
    file: 'src/proxy/request-body.ts',
    text: "larger than its route takes', { requestSent: true }",
    replacement: "larger than its route takes', { requestSent: false }",
    caughtBy: [BODIES],
  },
  {
    name: 'more header fields than may be are read',
    file: 'src/proxy/request-head.ts',
    text: 'if (rawFields.length / 2 > limits.headerCount)',
    replacement: 'if (rawFields.length / 20 > limits.headerCount)',
    caughtBy: [LIMITS, 'test/security/request-framing.test.ts'],
  },
  {
    name: 'one address has all the connections',
    file: 'src/proxy/admission.ts',
    text: 'if (open >= most && !this.#parts.trusted(address)) {',
    replacement: 'if (open >= Number.POSITIVE_INFINITY) {',
    caughtBy: [ADMISSION, LIMITS],
  },
  {
    name: 'a trusted proxy counts as one client',
    file: 'src/proxy/admission.ts',
    text: ' && !this.#parts.trusted(address)) {',
    replacement: ') {',
    caughtBy: [ADMISSION],
  },
  {
    name: 'an IPv6 client counts by each of its addresses',
    file: 'src/proxy/admission.ts',
    text: 'if (isIP(plain) !== 6) return plain;',
    replacement: 'if (isIP(plain) !== 0) return plain;',
    caughtBy: [ADMISSION],
  },
  {
    name: 'a connection counts for its address after its end',
    file: 'src/proxy/connections.ts',
    text: 'this.#admission.left(address);',
    replacement: '',
    caughtBy: [ADMISSION],
  },
  {
    name: 'no client is too slow',
    file: 'src/proxy/connections.ts',
    text: 'if (!connection.lags(window)) continue;',
    replacement: 'if (!connection.lags(window) || true) continue;',
    caughtBy: [PACE, LIMITS],
  },
  {
    name: 'nobody looks at the pace of clients',
    file: 'src/thread.ts',
    text: 'this.#listener.cutLaggards()',
    replacement: 'undefined',
    caughtBy: [LIMITS],
  },
  {
    name: 'a client could have taken the answer that is behind another',
    file: 'src/proxy/connection.ts',
    text: 'const [due] = this.#clients;',
    replacement: 'const due = [...this.#clients].at(-1);',
    caughtBy: [PACE],
  },
  {
    name: 'of one large write nothing is taken before the end',
    file: 'src/proxy/connection.ts',
    text: 'return handle.bytesWritten - handle.writeQueueSize;',
    replacement: 'return socket.bytesWritten - socket.writableLength;',
    caughtBy: [PACE],
  },
  {
    name: 'a client is judged by a window in which others were waited for',
    file: 'src/proxy/pace.ts',
    text: 'turn.restedMs - then.restedMs <= mostRestMs && ',
    replacement: '',
    caughtBy: [PACE],
  },
  {
    name: 'what is taken at once ends a rest',
    file: 'src/proxy/node-client.ts',
    text: 'if (hasRoom) this.#rest?.begin();\n    else this.#rest?.end();',
    replacement: 'this.#rest?.end();',
    caughtBy: [PACE],
  },
  {
    name: 'a body that nobody reads is owed',
    file: 'src/proxy/request-body.ts',
    text: 'return this.#wanted && !this.#incoming.complete',
    replacement: 'return !this.#incoming.complete',
    caughtBy: [PACE, 'test/proxy/node-client.test.ts'],
  },
  {
    name: 'bodies on their way may hold what they like',
    file: 'src/proxy/fill.ts',
    text: 'return this.heldBytes > this.maxBytes;',
    replacement: 'return false;',
    caughtBy: [LIMITS, 'test/proxy/fill.test.ts'],
  },
];
