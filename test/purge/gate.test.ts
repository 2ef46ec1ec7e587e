// SECURITY §6 "Log": every purge that is refused leaves a line that says who, and why, in safe words.
import { expect, it } from 'vitest';
import { NOTHING } from '../../src/purge/order.ts';
import { PurgeGate, type PurgeGateParts } from '../../src/purge/gate.ts';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { PurgeLog } from '../../src/purge/purge-log.ts';
import { Purger } from '../../src/purge/purge.ts';
import { atRate, PurgeRate } from '../../src/purge/rate.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import { SettableClock } from '../support/clock.ts';

function setUp() {
  const clock = new SettableClock();
  const purger = new Purger({
    authority: new ProcessAuthority({ memoryBytes: 65_536, holdKeepMs: 0, exhausted: () => undefined }),
    tagHash: new TagHash(Buffer.from('secret')),
    clock,
    observer: { purgeEnded: () => undefined, purgeUnconfirmed: () => undefined },
    log: new PurgeLog(),
    normaliseUrl: (url) => [url],
    settleMs: 0,
  });
  const rate = new PurgeRate(1);
  const lines: Parameters<PurgeGateParts['refused']>[0][] = [];
  const names = { tagHeaders: [], scopes: ['cookie.session'] };
  const gate = new PurgeGate({
    purge: atRate({ purger, clock, rate: () => rate, overRate: () => undefined }),
    names: () => names,
    refused: (line) => lines.push(line),
  });
  return { gate, lines, rate, clock };
}

const actor = '192.0.2.1';
const FROM = { actor, fields: [] };
const target = { scheme: 'http', authority: 'shop.example', path: '/a', query: '' } as const;

it('a malformed body', async () => {
  const { gate, lines } = setUp();
  await gate.body('{"tag":["a"]}', FROM);
  const detail = expect.stringContaining('There is no member "tag"') as string;
  expect(lines).toEqual([{ actor, status: 400, title: 'The purge is malformed', detail }]);
});

it('a malformed PURGE, escaped and shortened', async () => {
  const { gate, lines } = setUp();
  const tags = Array.from({ length: 9 }, (_, i) => `${'é'.repeat(78)}${i}`).join(' ');
  await gate.method({ ...FROM, target, fields: ['surrogate-key', tags] });
  expect(lines).toEqual([{ actor, status: 400, title: 'The purge is malformed', detail: expect.stringMatching(/^The tag "\\u00e9[\x20-\x7e…]*$/) }]);
  await gate.body(JSON.stringify({ tags: ['a b'], ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x${i}`.repeat(40), 1])) }), FROM);
  expect(lines[1]?.detail.length).toBe(501);
});

it.each([
  ['missing', 'A token is needed to purge'],
  ['wrong', 'The token is not valid'],
] as const)('a %s token', (authorisation, title) => {
  const { gate, lines } = setUp();
  expect(gate.unauthorised(authorisation, FROM).status).toBe(401);
  expect(lines).toEqual([{ actor, status: 401, title, detail: 'Send the purge token: Authorization: Bearer TOKEN.' }]);
});

it('PURGE where it is not enabled', () => {
  const { gate, lines } = setUp();
  gate.disabled({ actor });
  expect(lines).toEqual([{ actor, status: 405, title: 'PURGE is not enabled here', detail: '' }]);
});

it('too many', async () => {
  const { gate, lines, rate, clock } = setUp();
  rate.admit(NOTHING, clock.now());
  await gate.body('{"tags":["a"]}', FROM);
  expect(lines).toMatchObject([{ status: 429, title: 'Too many purges', detail: expect.stringContaining('purge.rate') }]);
});

it('no credential stands in it', async () => {
  const { gate, lines } = setUp();
  for (const scopes of [['SECRET'], { 'cookie.session': 'SECRET' }, [{ 'cookie.session': 'SECRET', sub: 'SECRET' }], [{ sub: 'SECRET' }], 'SECRET'])
    await gate.body(JSON.stringify({ scopes }), FROM);
  expect(lines.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
  expect(JSON.stringify(lines)).not.toContain('SECRET');
});
