// `freshet events`: what it tells of a file of events, what it asks of a running Freshet, and what it makes of the answers.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { events } from '../../src/commands/events.ts';
import { parseFlags } from '../../src/commands/flags.ts';
import { outbox } from '../../src/commands/outbox.ts';
import { USAGES } from '../../src/commands/usage.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { type Reply, ScriptedOrigin, type SeenRequest } from '../support/origin.ts';

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'freshet-events-'));

  file(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

const CONFIG = `
origins: { shop: { url: "http://127.0.0.1:5000" } }
purge: { settle: 1s }
events:
  rules:
    - { on: order.updated, purge: ["order:{id}", "customer:{customer_id}:orders"], version: "{v?}" }
    - { on: "order.*", purge: [orders, "gift:{gift?}"], mode: soft, settle: 2s }
    - { on: order.gifted, purge: ["gift:{gift?}"] }
`;
const event = (id: string, more: object): object => ({ specversion: '1.0', id, source: '/shop', type: 'order.updated', ...more });
const GOOD = event('1', { data: { id: 7, customer_id: 'c', v: 3 } });
const BAD = event('2', { data: { id: 7 } });

async function test(text: string, flags: readonly string[] = []): Promise<{ printed: readonly string[]; error: string }> {
  using folder = new Folder();
  const args = ['test', folder.file('e.json', text), '--config', folder.file('c.yaml', CONFIG), ...flags];
  const printed: string[] = [];
  const ended = await events(parseFlags(args, USAGES.events), { env: {}, print: (line) => void printed.push(line) }).then(
    () => '',
    (error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      return error.message.replaceAll(`${folder.path}/`, '');
    },
  );
  return { printed, error: ended };
}

function named(id: string, data: unknown): string {
  return JSON.stringify({ specversion: '1.0', id, source: '/s', type: 't', data });
}

describe('events test', () => {
  it('says rule by rule what would be purged', async () => {
    expect(await test(JSON.stringify(GOOD))).toEqual({
      printed: [
        [
          'event 1: order.updated 1 of /shop',
          '  events.rules[0] (order.updated): order:7, customer:c:orders (version 3)',
          '  events.rules[1] (order.*): orders',
          '  one hard purge of order:7, customer:c:orders, orders, settle 2s',
        ].join('\n'),
      ],
      error: '',
    });
  });

  it.each([
    ['one event', JSON.stringify(GOOD, null, 2), 1],
    ['an array', JSON.stringify([GOOD, GOOD]), 2],
    ['one a line', `${JSON.stringify(GOOD)}\n\n${JSON.stringify(GOOD)}\r\n`, 2],
  ])('reads %s', async (_, text, count) => {
    const { printed, error } = await test(text);
    expect([printed.length, error]).toEqual([count, '']);
  });

  it.each([
    ['no rule', event('3', { type: 'stock.low' }), 'event 1: stock.low 3 of /shop\n  no rule is for it: nothing is purged'],
    [
      'rules that name nothing',
      event('3', { type: 'order.gifted', data: {} }),
      'event 1: order.gifted 3 of /shop\n  events.rules[1] (order.*): orders\n  events.rules[2] (order.gifted): names nothing\n  one hard purge of orders, settle 2s',
    ],
    [
      'the type that carries its purge',
      event('3', { type: 'freshet.purge', data: { tags: ['a'], urls: ['/x?y=1'], prefixes: ['//h/p'], versions: { b: 2 }, mode: 'soft' } }),
      'event 1: freshet.purge 3 of /shop\n  one soft purge of a, b, URL /x?y=1, prefix h/p, settle 1s',
    ],
    [
      'all',
      event('3', { type: 'freshet.purge', data: { all: true } }),
      'event 1: freshet.purge 3 of /shop\n  one hard purge of everything, settle 1s',
    ],
  ])('%s', async (_, one, expected) => {
    expect(await test(JSON.stringify(one))).toEqual({ printed: [expected], error: '' });
  });

  it('ends with 2 and names rule and field of what cannot be taken', async () => {
    const { printed, error } = await test([GOOD, BAD, { id: '3' }].map((one) => JSON.stringify(one)).join('\n') + '\n{');
    expect(error).toBe(
      [
        'e.json: 3 of 4 cannot be taken',
        'event 2: events.rules[0] (order.updated): customer_id is missing, in customer:{customer_id}:orders',
        'event 3: specversion: found nothing; "1.0" is allowed.',
        'event 4: The line is not JSON.',
      ].join('\n'),
    );
    expect(printed[1]).toBe(
      [
        'event 2: order.updated 2 of /shop',
        '  events.rules[0] (order.updated): cannot be told: customer_id is missing, in customer:{customer_id}:orders',
        '  events.rules[1] (order.*): orders',
        '  nothing is purged: it becomes a dead letter',
      ].join('\n'),
    );
  });

  it('as JSON, a line for each', async () => {
    const { printed } = await test(JSON.stringify([GOOD, BAD]), ['--json']);
    expect(printed.map((line): unknown => JSON.parse(line))).toEqual([
      {
        where: 'event 1',
        event: { id: '1', source: '/shop', type: 'order.updated' },
        rules: [
          { rule: 'events.rules[0] (order.updated)', tags: ['order:7', 'customer:c:orders'], version: 3 },
          { rule: 'events.rules[1] (order.*)', tags: ['orders'] },
        ],
        purge: { mode: 'hard', settle: '2s', what: ['order:7', 'customer:c:orders', 'orders'], versions: { 'order:7': 3, 'customer:c:orders': 3 } },
        faults: [],
      },
      expect.objectContaining({ where: 'event 2', faults: [expect.stringMatching(/customer_id is missing/)] }),
    ]);
  });

  it('is as large as a source takes it, and says nothing to the terminal', async () => {
    expect((await test(named('1', 'x'.repeat(70_000)))).error).toContain('The event is over 65536 bytes.');
    const { printed } = await test(named('\u001b[31m\nevent 2', {}));
    expect(printed.join()).not.toContain('\u001b');
    expect(printed.join().split('\n')).toHaveLength(2);
  });

  it('is refused without events', async () => {
    expect((await test(' \n')).error).toBe('e.json: there is no event in it');
  });
});

it.each([
  [[], /^needs test, dead, replay/],
  [['tset'], /^found "tset" \(did you mean test\?\); allowed: test, dead, replay/],
  [['toString'], /^found "toString"; allowed/],
  [['test', '--config', 'x'], /^needs one FILE/],
  [['test', 'a', 'b', '--config', 'x'], /^needs one FILE/],
  [['test'], /^needs one FILE of events, or - for standard input, and the configuration that has the rules: freshet events test FILE --config FILE/],
  [['test', '/nowhere'], /^needs the configuration that has the rules: /],
  [['dead', 'x'], /^unexpected "x"/],
  [['replay'], /^needs the ID/],
  [['replay', 'a', 'b'], /^needs the ID/],
  [['replay', 'a', '--all'], /^needs the ID/],
])('%j is refused', async (args, message) => {
  const ended = events(parseFlags(args, USAGES.events), { env: {}, print: () => undefined });
  await expect(ended).rejects.toThrow(UsageError);
  await expect(ended).rejects.toThrow(message);
});

async function ask(args: readonly string[], body: unknown): Promise<{ printed: readonly string[]; request: SeenRequest; error: unknown }> {
  await using admin = await ScriptedOrigin.start();
  const reply: Reply = { body: typeof body === 'string' ? body : JSON.stringify(body) };
  admin.on('*', reply);
  const printed: string[] = [];
  const line = parseFlags([...args, '--admin', admin.url, '--token', 't'], USAGES.events);
  const error: unknown = await events(line, { env: {}, print: (text) => void printed.push(text) }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { printed, request: admin.requests[0] as SeenRequest, error };
}

describe('events dead', () => {
  const LETTER = {
    source: 'webhook',
    id: '0123456789ab',
    at: '2026-01-31T12:00:00.000Z',
    event: { id: '1', source: '/shop', type: 'order.updated' },
    why: ['a', 'b'],
  };

  it('lists them', async () => {
    const { printed, request } = await ask(['dead'], { dead: [LETTER, { ...LETTER, source: 'redis', event: null, why: [] }] });
    expect([request.method, request.path]).toEqual(['GET', '/v1/events/dead']);
    expect(
      printed
        .join('\n')
        .split('\n')
        .map((line) => line.replaceAll(/ +/g, ' ').trim()),
    ).toEqual([
      'webhook 0123456789ab 2026-01-31T12:00:00.000Z order.updated 1 of /shop a; b',
      'redis 0123456789ab 2026-01-31T12:00:00.000Z no event',
    ]);
  });

  it('says nothing to the terminal that a sender chose', async () => {
    const said = { ...LETTER.event, id: '\u001B[2J\nwebhook', type: 'é' };
    const { printed } = await ask(['dead'], { dead: [{ ...LETTER, event: said }] });
    expect(printed.join()).toContain('é \\u{1b}[2J\\u{a}webhook of /shop');
  });

  it('asks for what the flags say', async () => {
    const { printed, request, error } = await ask(['dead', '--source', 'redis', '--limit', '5'], { dead: [] });
    expect(request.path).toBe('/v1/events/dead?source=redis&limit=5');
    expect([printed, error]).toEqual([['no dead letters'], undefined]);
  });

  it('prints the answer as it came', async () => {
    expect((await ask(['dead', '--json'], { dead: [] })).printed).toEqual(['{"dead":[]}']);
  });

  it('knows what is no answer of the admin listener', async () => {
    expect((await ask(['dead'], 'hello')).error).toBeInstanceOf(RunError);
  });
});

describe('events replay', () => {
  const PURGED = { source: 'webhook', id: 'a', result: 'purged', purge: { id: '9f3c.1' } };

  it.each<{ args: readonly string[]; body: object }>([
    { args: ['a'], body: { id: 'a' } },
    { args: ['--all'], body: { all: true } },
    { args: ['--all', '--source', 'redis'], body: { all: true, source: 'redis' } },
  ])('$args asks for $body', async ({ args, body }) => {
    const { printed, request, error } = await ask(['replay', ...args], { replayed: [PURGED] });
    expect([request.method, request.path, JSON.parse(request.body.toString())]).toEqual(['POST', '/v1/events/replay', body]);
    expect([printed.map((line) => line.replaceAll(/ +/g, ' ').trim()), error]).toEqual([['webhook a purged 9f3c.1'], undefined]);
  });

  it('ends with 1 where one could not be taken', async () => {
    const rejected = { source: 'webhook', id: 'b', result: 'rejected', faults: [{ detail: 'id is missing' }] };
    const failed = { source: 'webhook', id: 'c', result: 'failed', why: 'unknown' };
    const { printed, error } = await ask(['replay', '--all'], { replayed: [PURGED, rejected, failed] });
    expect(printed.join()).toMatch(/id is missing[^]*unknown/);
    expect(error).toEqual(new RunError('2 of 3 could not be taken and stay dead letters'));
  });

  it('of nothing', async () => {
    expect((await ask(['replay', '--all'], { replayed: [] })).printed).toEqual(['no dead letters']);
  });
});

it.each([
  [[], /^needs sql: freshet outbox sql$/],
  [['sq'], /^found "sq"; allowed: freshet outbox sql$/],
])('outbox %j is refused', (args, message) => {
  expect(() => outbox(parseFlags(args, USAGES.outbox), { env: {}, print: () => undefined })).toThrow(message);
});
