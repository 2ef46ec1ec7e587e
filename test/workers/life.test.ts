// Workers as an operator meets them: what they show together, a crash, a reload, a drain, a port that somebody else has.
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Fields } from '../../src/http/fields.ts';
import { RunError } from '../../src/errors.ts';
import { MessageChannel } from 'node:worker_threads';
import { Channel } from '../../src/workers/channel.ts';
import { shareOf } from '../../src/workers/share.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { Barrier, ScriptedOrigin } from '../support/origin.ts';
import { DEBUG, Team, TOKEN, WorkerClient } from './team.ts';

const PUBLIC: Fields = ['cache-control', 'max-age=1000'];

interface EntriesPage {
  readonly entries: readonly { readonly worker: number; readonly key: string }[];
  readonly next: string | null;
}

function yamlOn(port: number): string {
  return `workers: 2\nlisten: 127.0.0.1:${port}\norigins: { shop: { url: "http://127.0.0.1:1" } }\nlog: { level: silent }`;
}

describe('shown together', () => {
  it('counts add up', async () => {
    await using team = await Team.start();
    team.serve('/a');
    const [one, two] = await team.pair();
    const before = await team.metric('freshet_requests_total{outcome="hit"');
    for (const client of [one, one, one, two, two]) await client.body('/a');
    expect(await team.metric('freshet_requests_total{outcome="hit"')).toBe(before + 3);
    expect(await team.metric('freshet_requests_total{outcome="miss",reason=""')).toBe(2);
    expect([await team.metric('freshet_store_entries '), await team.metric('freshet_serving_threads ')]).toEqual([2, 2]);
    expect(await team.metric('freshet_store_max_bytes ')).toBe(256 * 1024 ** 2);
    expect(await team.metric('freshet_client_connections ')).toBe(2);
  });

  it('entries of all are listed, page by page', async () => {
    await using team = await Team.start({ workers: 3 });
    team.serve('*');
    for (const worker of [1, 2, 3]) {
      const client = await team.client(worker);
      for (let nth = 0; nth < worker; nth++) await client.body(`/${nth}`);
    }
    const seen: string[] = [];
    for (let cursor: string | null = '0'; cursor !== null; ) {
      const { entries, next } = JSON.parse((await team.admin(`/v1/entries?tag=a&limit=2&cursor=${cursor}`)).body) as EntriesPage;
      expect(entries.length).toBeLessThanOrEqual(2);
      seen.push(...entries.map(({ worker, key }) => `${worker} ${key.slice(key.lastIndexOf('/'))}`));
      cursor = next;
    }
    expect(seen.toSorted()).toEqual(['1 /0', '2 /0', '2 /1', '3 /0', '3 /1', '3 /2']);
    const ofUrl = JSON.parse((await team.admin('/v1/entries?url=/2')).body) as EntriesPage;
    expect(ofUrl.entries).toMatchObject([{ worker: 3 }]);
  });

  it('explain says what each would do', async () => {
    await using team = await Team.start();
    team.serve('/a');
    const [, two] = await team.pair();
    await two.body('/a');
    const { host, port } = team.freshet.adminAddress;
    const body = JSON.stringify({ method: 'GET', url: 'http://shop.example/a' });
    const answer = await fetch(`http://${host}:${port}/v1/explain`, { method: 'POST', body, headers: { authorization: `Bearer ${TOKEN}` } });
    expect(await answer.json()).toMatchObject({
      worker: 1,
      decision: 'forward (uri-miss)',
      stored: [],
      elsewhere: [{ worker: 2, decision: 'hit', stored: [{ tags: ['a'] }] }],
    });
  });
});

describe('a worker that ends', () => {
  it('is replaced; its entries are gone, those of others, marks and receipts are not', async () => {
    await using team = await Team.start();
    team.serve('/a');
    team.serve('/b');
    const [one, two] = await team.pair();
    for (const client of [one, two]) await client.body('/a');
    const stale = await two.body('/b');
    await two.purge('x');
    expect(await team.metric('freshet_fills_stored_total')).toBe(3);
    await team.freshet.replaceWorker(1);
    expect(await one.closed()).toMatch(/end|ECONNRESET/);
    expect((await two.ask('/a')).field('cache-status')).toContain('hit');
    const next = await team.client(1);
    expect((await next.ask('/a')).field('cache-status')).toContain('fwd=uri-miss');
    expect(await team.metric('freshet_worker_crashes_total')).toBe(1);
    expect(await team.metric('freshet_fills_stored_total')).toBe(4);
    expect((await team.admin('/v1/purges')).body).toContain('tag=x');
    await next.purge('a');
    expect(await two.body('/b')).not.toBe(stale);
    expect((await team.admin('/v1/ready')).status).toBe(200);
  });

  it('while it is asked for a purge: the client is let go, and the next purge is confirmed', async () => {
    await using team = await Team.start();
    team.serve('/a');
    const [one, two] = await team.pair();
    await two.body('/a');
    const replaced = team.freshet.replaceWorker(1);
    one.send('/', { method: 'PURGE', fields: ['authorization', `Bearer ${TOKEN}`, 'surrogate-key', 'a'] });
    await one.closed();
    await replaced;
    const next = await team.client(1);
    await next.purge('a');
    expect((await two.ask('/a')).field('cache-status')).not.toContain('hit');
  });

  it('again and again', async () => {
    await using team = await Team.start();
    for (let nth = 1; nth <= 3; nth++) {
      await team.freshet.replaceWorker(2);
      const client = await team.client(2);
      expect(await client.worker()).toBe(2);
    }
    expect(await team.metric('freshet_worker_crashes_total')).toBe(3);
  });
});

describe('a reload', () => {
  it('is in every worker when it has ended', async () => {
    await using team = await Team.start();
    team.origin.on('*', { body: 'x' });
    const [one, two] = await team.pair();
    await team.reload('routes: [{ path: /a, ttl: 1h }]');
    for (const client of [one, two]) expect((await client.ask('/a')).field('cache-status')).toContain('stored');
    await team.reload('routes: [{ path: /a, ttl: 1h, tags: [t] }]');
    for (const client of [one, two]) {
      expect((await client.ask('/a')).field('cache-status')).not.toContain('hit');
      expect((await client.ask('/a', { fields: DEBUG })).field('freshet-tags')).toBe('t');
    }
  });

  it('that keys otherwise ends what was fetched by the old rules and is under way', async () => {
    await using team = await Team.start();
    const barrier = new Barrier();
    team.origin.on('/a', (_request, nth) => ({ body: `fetch ${nth}`, fields: PUBLIC, ...(nth === 1 && { barriers: { 'mid-body': barrier } }) }));
    const [one] = await team.pair();
    one.send('/a');
    await barrier.reached;
    await team.reload('routes: [{ path: /a, tags: [t] }]');
    barrier.open();
    await one.answer();
    expect(await one.body('/a')).not.toBe('fetch 1');
  });

  it('reaches a worker that is being replaced', async () => {
    await using team = await Team.start();
    team.origin.on('*', { body: 'x' });
    const replaced = team.freshet.replaceWorker(1);
    await team.reload('routes: [{ path: /a, ttl: 1h }]');
    await replaced;
    const one = await team.client(1);
    expect((await one.ask('/a')).field('cache-status')).toContain('stored');
  });
});

it('a drain lets every worker finish what is in flight', async () => {
  await using team = await Team.start();
  const barriers = [new Barrier(), new Barrier()];
  for (const [nth, barrier] of barriers.entries()) team.origin.on(`/${nth}`, { body: 'whole', barriers: { 'mid-body': barrier } });
  const clients = await team.pair();
  for (const [nth, client] of clients.entries()) client.send(`/${nth}`);
  for (const barrier of barriers) await barrier.reached;
  const closed = team.freshet.close();
  for (const barrier of barriers) barrier.open();
  for (const client of clients) expect((await client.answer()).body).toBe('whole');
  await closed;
});

it('a port that another process listens on, or shares, is refused', async () => {
  await using origin = await ScriptedOrigin.start();
  await expect(RunningFreshet.start(yamlOn(origin.port))).rejects.toThrow(RunError);
  await using team = await Team.start();
  await expect(RunningFreshet.start(yamlOn(team.freshet.address.port))).rejects.toThrow('the port is in use');
});

it('each has its share', () => {
  const text =
    'workers: 3\nstore: { memory: 90MiB, fills: 60MiB }\nlimits: { connections: 10 }\norigins: { a: { url: "http://a", connections: 4, queue: 0 } }\naudit: { budget: 10/s, sample: 5% }';
  const share = shareOf(loadConfig({ text, env: {}, overrides: {} }), 3);
  expect(share.store).toMatchObject({ memoryBytes: 30 * 1024 ** 2, fillBytes: 20 * 1024 ** 2 });
  expect([share.limits.connections, share.limits.connectionsPerAddress]).toEqual([4, 1024]);
  expect(share.origins.get('a')).toMatchObject({ connections: 2, queue: 0 });
  expect(share.audit).toMatchObject({ ratePerSecond: 10 / 3, concurrency: 1, sample: 0.05 });
});

describe('a channel', () => {
  type Echo = { readonly echo: { readonly given: string; readonly answered: string } };
  function channels(answer: (given: string) => string | Promise<string>) {
    const { port1, port2 } = new MessageChannel();
    const asking = new Channel<Echo, Echo>(port1, { echo: answer });
    const answering = new Channel<Echo, Echo>(port2, { echo: answer });
    return { asking, answering, [Symbol.dispose]: () => port1.close() };
  }

  it('answers, and passes on what was thrown', async () => {
    using both = channels((given) => {
      if (given === 'a') return 'A';
      throw new RunError('not that');
    });
    expect(await both.asking.ask('echo', 'a')).toBe('A');
    await expect(both.asking.ask('echo', 'b')).rejects.toThrow(new RunError('not that'));
  });

  it('rejects what waits when it ends, and what is asked after', async () => {
    using both = channels(() => new Promise(() => undefined));
    const asked = both.asking.ask('echo', 'a');
    both.asking.end(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    await expect(both.asking.ask('echo', 'a')).rejects.toThrow('gone');
  });
});

it('a worker says which one it is to who has the admin token', async () => {
  await using team = await Team.start();
  await using client = await WorkerClient.connect(team.freshet.address, 2);
  expect((await client.ask('/nowhere')).field('freshet-worker')).toBeUndefined();
});
