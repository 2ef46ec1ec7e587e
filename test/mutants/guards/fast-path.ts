// Guards of the fast path.
import type { Guarded } from './guarded.ts';

export const FAST_PATH_GUARDS: readonly Guarded[] = [
  {
    file: 'src/proxy/fast-connection.ts',
    test: 'test/proxy/fast-connection.test.ts',
    guards: [
      'if (this.isLast)',
      `if (this.#text !== '' && !this.socket.destroyed)`,
      'if (this.#isHandedOver)',
      'if (this.#isDeaf)',
      'if (this.#isIdle) this.#judge();',
      `if (!isMuch && reading.kind === 'plain' && reading.end === this.#text.length)`,
      `if (isMuch || reading.kind !== 'incomplete' || this.#pieces >= MOST_PIECES)`,
      `if (this.#text !== '') socket.unshift`,
    ],
  },
  {
    file: 'src/proxy/fast-connection.ts',
    test: 'test/proxy/fast-connection-ends.test.ts',
    guards: [
      'if (this.#isIdle) this.socket.destroySoon();',
      'if (next === undefined || this.socket.destroyed)',
      `if (this.#client === undefined && this.#text !== '')`,
    ],
  },
  {
    file: 'src/proxy/fast-connection.ts',
    test: 'test/proxy/silence.test.ts',
    guards: [
      'if (socket === undefined)',
      'if (this.#hasMoved(now))',
      `if (this.#isIdle && (!this.#isUsed || this.#text !== ''))`,
      'if (quietMs >= REST_MS)',
      'if (limit === undefined || quietMs < limit.ms)',
      'if (this.#quiet.moves === this.#moves && this.#quiet.taken === taken)',
      'if (this.#client === undefined) return',
    ],
  },
  {
    file: 'src/proxy/plain-request.ts',
    test: 'test/proxy/plain-request.test.ts',
    guards: [
      'if (method === undefined || !text.startsWith(VERSION, targetEnd))',
      `if (!requestTarget.startsWith('/') || requestTarget.length > this.#limits.urlBytes)`,
      'if (headEnd === -1)',
      'if (block === undefined)',
      `if (parsed.kind === 'refuse')`,
      'if (known !== undefined || this.#blocks.has(lines))',
      `if (text.startsWith('GET '))`,
      'if (lines.length > limits.headerBytes)',
      'if (line === null)',
      'if (fields.length / 2 > limits.headerCount || fields.some((name, i) => i % 2 === 0 && NOT_PLAIN.has(name)))',
      `if (fieldsFault(fields, '1.1') !== undefined)`,
    ],
  },
  {
    file: 'src/proxy/respond.ts',
    test: 'test/proxy/journey-parts.test.ts',
    guards: [`if (name === 'range' || name === 'freshet-debug' || name.startsWith('if-'))`],
  },
  {
    file: 'src/rules/packed-response.ts',
    test: 'test/rules/packed-response.test.ts',
    guards: ['if (this.#view !== view)'],
  },
  { file: 'src/proxy/socket-client.ts', test: 'test/truncation.test.ts', guards: [`if (last !== '')`] },
];
