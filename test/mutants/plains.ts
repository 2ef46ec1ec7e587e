// Ways to read or to answer a plain request otherwise than node:http does: DESIGN §7, SECURITY §1.
import type { Mutant } from './mutant.ts';

const READING = 'test/differential/reading.test.ts';
const DIFFERENTIAL = 'test/differential/differential.test.ts';

export const PLAIN_MUTANTS: readonly Mutant[] = [
  {
    name: 'a plain request may have a body',
    file: 'src/proxy/plain-request.ts',
    text: "  'content-length',\n  'transfer-encoding',\n",
    replacement: "  'transfer-encoding',\n",
    caughtBy: [READING],
  },
  {
    name: 'a line of a plain request may end in a bare LF',
    file: 'src/proxy/plain-request.ts',
    text: '([\\t\\x20-\\x7e]*)\\r\\n/y',
    replacement: '([\\t\\x20-\\x7e]*)\\r?\\n/y',
    caughtBy: [READING],
  },
  {
    name: 'a plain request may be of any version',
    file: 'src/proxy/plain-request.ts',
    text: ' || !text.startsWith(VERSION, targetEnd)',
    replacement: '',
    caughtBy: [READING],
  },
  {
    name: 'a plain request need not name a host',
    file: 'src/proxy/plain-request.ts',
    text: "hosts.length === 1 ? canonicalAuthority(hosts[0] as string, 'http') : undefined",
    replacement: "canonicalAuthority(hosts[0] ?? 'nobody', 'http')",
    caughtBy: [READING],
  },
  {
    name: 'a plain request may repeat what may stand once',
    file: 'src/proxy/plain-request.ts',
    text: "if (fieldsFault(fields, '1.1') !== undefined) return undefined;",
    replacement: '',
    caughtBy: [READING],
  },
  {
    name: 'a plain request may expect something',
    file: 'src/proxy/plain-request.ts',
    text: "  'expect',\n",
    replacement: '',
    caughtBy: [READING],
  },
  {
    name: 'what node:http takes for Connection is not',
    file: 'src/proxy/plain-request.ts',
    text: "  'proxy-connection',\n",
    replacement: '',
    caughtBy: [READING],
  },
  {
    name: 'a plain request may offer an upgrade',
    file: 'src/proxy/plain-request.ts',
    text: "  'upgrade',\n",
    replacement: '',
    caughtBy: [DIFFERENTIAL],
  },
  {
    name: 'what has come is forgotten when node:http takes over',
    file: 'src/proxy/fast-connection.ts',
    text: "if (this.#text !== '') socket.unshift(Buffer.from(this.#text, 'latin1'));",
    replacement: '',
    caughtBy: [DIFFERENTIAL],
  },
  {
    name: 'what has come is put back in another encoding',
    file: 'src/proxy/fast-connection.ts',
    text: "socket.unshift(Buffer.from(this.#text, 'latin1'))",
    replacement: "socket.unshift(Buffer.from(this.#text, 'utf8'))",
    caughtBy: [DIFFERENTIAL],
  },
  {
    name: 'what comes behind a plain request is forgotten',
    file: 'src/proxy/fast-connection.ts',
    text: "reading.kind === 'plain' && reading.end === this.#text.length",
    replacement: "reading.kind === 'plain'",
    caughtBy: [DIFFERENTIAL],
  },
  {
    name: 'a client that wants no other request is kept',
    file: 'src/proxy/fast-connection.ts',
    text: 'this.#isDeaf ||= reading.closes;',
    replacement: '',
    caughtBy: [DIFFERENTIAL],
  },
  {
    name: 'a piece of a head now and then puts off the one who judges its time',
    file: 'src/proxy/fast-connection.ts',
    text: "this.#isIdle && this.#text !== '' ? 0 : 1",
    replacement: '1',
    caughtBy: ['test/proxy/silence.test.ts'],
  },
  {
    name: 'a reload lets heads in that node:http refuses',
    file: 'src/proxy/fast-path.ts',
    text: 'new PlainRequests(limits, this.#headBytes)',
    replacement: 'new PlainRequests(limits)',
    caughtBy: ['test/proxy/fast-connection-ends.test.ts'],
  },
  {
    name: 'a status text that is empty is filled in',
    file: 'src/proxy/answer-head.ts',
    text: '${sound(statusText)}',
    replacement: "${sound(statusText === '' ? 'OK' : statusText)}",
    caughtBy: [DIFFERENTIAL, 'test/proxy/socket-client.test.ts'],
  },
];
