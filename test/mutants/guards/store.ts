// Guards of what is kept, and in how much room.
import type { Guarded } from './guarded.ts';

export const STORE_GUARDS: readonly Guarded[] = [
  {
    file: 'src/store/memory.ts',
    test: 'test/store/memory.test.ts',
    guards: [
      'if (slot !== undefined) slot.isUsed = true;',
      'if (replaced !== undefined && isLater(replaced, response))',
      'if (own > this.#maxBytes)',
      'if (replaced !== undefined)',
      'if (uses?.has(response) === true)',
      'if (slot === undefined || !present.includes(response))',
      'if (present.length === 1)',
      'if (bytes > room.bytes)',
      'if (old === undefined)',
    ],
  },
  { file: 'src/store/slot.ts', test: 'test/store/memory.test.ts', guards: ['if (content instanceof Several)'] },
  { file: 'src/store/clock-ring.ts', test: 'test/proxy/journey-control.test.ts', guards: ['if (!(cursor >= 1) || whole > size)'] },
  { file: 'src/store/clock-ring.ts', test: 'test/store/memory.test.ts', guards: ['if (last === undefined || last === slot)', 'if (slot === kept)'] },
  {
    file: 'src/rules/packed-response.ts',
    test: 'test/rules/packed-memory.test.ts',
    guards: ['if (body.length <= TEXT_BYTES)', 'if (body.buffer.byteLength <= body.length + body.length / 4)'],
  },
  { file: 'src/rules/terms.ts', test: 'test/rules/packed-memory.test.ts', guards: ['if (same !== undefined)'] },
];
