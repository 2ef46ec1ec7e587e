// Guards of what is logged.
import type { Guarded } from './guarded.ts';

export const OBSERVE_GUARDS: readonly Guarded[] = [
  {
    file: 'src/observe/scrub.ts',
    test: 'test/observe/log.test.ts',
    guards: [
      'if (mark === -1)',
      `if (typeof value === 'string')`,
      'if (value instanceof Error)',
      `if (typeof value !== 'object' || value === null)`,
      'if (depth <= 0)',
    ],
  },
];
