// Guards of who may ask the admin interface, and what.
import type { Guarded } from './guarded.ts';

export const ADMIN_GUARDS: readonly Guarded[] = [
  {
    file: 'src/admin/body.ts',
    test: 'test/admin/server.test.ts',
    guards: ['if (bytes > most) break;', "if (bytes > most) return { refusal: problem('too-large', `The body is over ${most} bytes.`) };"],
  },
  {
    file: 'src/admin/server.ts',
    test: 'test/admin/server.test.ts',
    guards: [
      `if (parsed.kind === 'refuse')`,
      'if (refusal !== undefined)',
      'if (page === undefined)',
      'if (!page.methods.includes(method))',
      `if ('refusal' in body)`,
    ],
  },
  {
    file: 'src/admin/guard.ts',
    test: 'test/admin/server.test.ts',
    guards: [
      `if (!hasField(fields, 'origin') && !hasField(fields, 'sec-fetch-site'))`,
      `if (method === 'PURGE' || target.authority === '' || !isLoopback(listenHost))`,
      'if (isLoopback(host) || host === listenHost.toLowerCase())',
      `if (right === 'none' || token === undefined)`,
      `if (admin === 'ok')`,
      `if (purgeToken !== undefined && authorise(fields, purgeToken) === 'ok')`,
      `if (method === 'GET' || method === 'HEAD')`,
    ],
  },
  { file: 'src/admin/question.ts', test: 'test/admin/server.test.ts', guards: ['if (!parsed.success)', `if (result.kind === 'refuse')`] },
];
