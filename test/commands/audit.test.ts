// `freshet audit`: what it asks, and what it makes of each answer.
import { expect, it } from 'vitest';
import { audit } from '../../src/commands/audit.ts';
import { parseFlags } from '../../src/commands/flags.ts';
import { USAGES } from '../../src/commands/usage.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { fieldValue } from '../../src/http/fields.ts';
import { type Reply, ScriptedOrigin, type SeenRequest } from '../support/origin.ts';

async function ask(args: readonly string[], reply: Reply) {
  await using admin = await ScriptedOrigin.start();
  admin.on('*', reply);
  const printed: string[] = [];
  const context = { env: { FRESHET_ADMIN_TOKEN: 'admin-token' }, print: (text: string) => void printed.push(text) };
  await audit(parseFlags([...args, '--admin', admin.url], USAGES.audit), context);
  return { text: printed.join('\n'), request: admin.requests[0] as SeenRequest };
}

const COUNTS = { equal: 998, caught: 3, missed: 1, unstable: 0, gone: 0, failed: 2, skipped: 7, audits: 990 };
const MISS = {
  at: '2026-01-01T00:00:00.000Z',
  route: '/products/:id',
  url: 'shop.example/products/42',
  scope: 'public',
  tags: ['product:42'],
  changed: ['status'],
  status: 200,
  originStatus: 404,
  ageSeconds: 12,
  hits: 3,
  why: ['prodct:42 was purged while it was stored: was product:42 meant?', 'another'],
  rule: 'invalidates of PUT /products/:id would have purged it',
};
const page = (rest: object = {}): Reply => ({
  body: JSON.stringify({ sample: '0.1%', window: '10s', routes: [], misses: [], unstable: [], ...rest }),
});

it('asks with a GET and the token', async () => {
  const { request } = await ask([], page());
  expect([request.method, request.path, fieldValue(request.fields, 'authorization')]).toEqual(['GET', '/v1/audit', 'Bearer admin-token']);
});

it('lists routes, misses and what is unstable', async () => {
  const unstable = {
    ...MISS,
    changed: ['$.now'],
    status: undefined,
    originStatus: undefined,
    why: undefined,
    rule: undefined,
    hits: 1,
    lastAt: 'later',
  };
  const { text } = await ask(
    [],
    page({
      routes: [
        { route: '/products/:id', ...COUNTS, nines: 2.7 },
        { route: 'default', ...COUNTS },
      ],
      misses: [MISS],
      unstable: [unstable],
    }),
  );
  expect(text.split('\n')).toEqual([
    '0.1% of hits are audited; a purge may come 10s later',
    '',
    'route          nines  audits  equal  caught  missed  unstable  gone  failed  skipped',
    '/products/:id  2.7    990     998    3       1       0         0     2       7',
    'default        -      990     998    3       1       0         0     2       7',
    '',
    'missed: they differ from the origin, and no purge has ended them',
    '',
    '  shop.example/products/42',
    '    route    /products/:id, scope public',
    '    seen     2026-01-01T00:00:00.000Z, 3 hits, 12s old',
    '    tags     product:42',
    '    differs  status (200, the origin says 404)',
    '    why      prodct:42 was purged while it was stored: was product:42 meant?',
    '             another',
    '    rule     invalidates of PUT /products/:id would have purged it',
    '',
    'unstable: the origin differs with itself there (audit.ignore takes such paths)',
    '',
    '  shop.example/products/42',
    '    route    /products/:id, scope public',
    '    seen     2026-01-01T00:00:00.000Z to later, one hit, 12s old',
    '    tags     product:42',
    '    differs  $.now',
  ]);
});

it.each([
  ['off', page({ sample: 'off', window: undefined }), /^no hit is audited: the configuration has no audit\nnothing was audited yet\n\nno miss$/],
  ['nothing yet', page(), /^0\.1% of hits .*\nnothing was audited yet\n\nno miss$/],
])('says so: %s', async (_name, reply, expected) => expect((await ask([], reply)).text).toMatch(expected));

it('prints the answer as it came', async () => {
  const reply = page({ misses: [MISS] });
  expect((await ask(['--json'], reply)).text).toBe(reply.body);
});

it('refuses words, and what is no such list', async () => {
  await expect(ask(['misses'], page())).rejects.toThrow(new UsageError('found "misses"; audit takes flags only'));
  await expect(ask([], { body: '{"products":[]}' })).rejects.toThrow(RunError);
  await expect(ask([], { status: 401, body: '{"title":"Unauthorized"}' })).rejects.toThrow('Unauthorized');
});
