// Guards of what is kept, and in how much room.
import type { Guarded } from './guarded.ts';

export const STORE_GUARDS: readonly Guarded[] = [
  {
    file: 'src/store/memory.ts',
    test: 'test/store/memory.test.ts',
    guards: [
      `if (reason === 'evict')`,
      'if (replaced !== undefined && isLater(replaced, response))',
      'if (own > this.#maxBytes)',
      'if (replaced !== undefined)',
      'if (uses?.has(response) === true)',
      'if (slot?.responses.includes(response) !== true)',
      'if (kept.length === 0) {',
      'if (bytes > room.bytes)',
      'if (old === undefined)',
    ],
  },
  { file: 'src/store/ring.ts', test: 'test/proxy/journey-control.test.ts', guards: ['if (!(cursor >= 1) || whole > size)'] },
  { file: 'src/store/ring.ts', test: 'test/store/memory.test.ts', guards: ['if (last === undefined || last === slot)'] },
];
