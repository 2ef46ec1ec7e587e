// Guards of the fast path.
import type { Guarded } from './guarded.ts';

export const FAST_PATH_GUARDS: readonly Guarded[] = [
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
    guards: ['if (response.part !== undefined)', 'if (response.language !== undefined)', 'if (this.#view !== view)'],
  },
];
