// From an event to the next GET: over real sockets, with the origin and the rules that a shop would have.
import { describe, expect, it } from 'vitest';
import { type Asking, get } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { metricIn } from '../support/metrics.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { SECRET, signedFields } from './signed.ts';

const RULES = `rules: [{ on: "order.*", purge: ["order:{id}", "product:{items.sku?}"] }]`;

class Shop implements AsyncDisposable {
  readonly origin: ScriptedOrigin;
  readonly freshet: RunningFreshet;

  private constructor(origin: ScriptedOrigin, freshet: RunningFreshet) {
    this.origin = origin;
    this.freshet = freshet;
  }

  static async open(events: string, more = ''): Promise<Shop> {
    const origin = await ScriptedOrigin.start();
    origin.on('*', ({ path }) => ({ fields: ['cache-control', 'max-age=60', 'surrogate-key', path.slice(1).replace('/', ':')], body: path }));
    return new Shop(origin, await RunningFreshet.start(Shop.yaml(origin, events, more)));
  }

  static yaml(origin: ScriptedOrigin, events: string, more = ''): string {
    return `${more}\norigins: { shop: { url: "${origin.url}" } }\nevents: { ${events} }\nlog: { level: silent }\n`;
  }

  async state(path: string): Promise<string> {
    const answer = await get(this.freshet.address, path, { fields: ['host', 'shop.test'] });
    return answer.status === 200 ? (/hit|miss/.exec(answer.field('cache-status') ?? '')?.[0] ?? '') : String(answer.status);
  }

  async ask(path: string, asking: Asking = {}): Promise<{ status: number; json: Record<string, unknown>; body: string }> {
    const { status, body } = await get(this.freshet.adminAddress, path, asking);
    return { status, body, json: body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {} };
  }

  send(events: object, fields: readonly string[] = []): ReturnType<Shop['ask']> {
    const type = Array.isArray(events) ? 'application/cloudevents-batch+json' : 'application/cloudevents+json';
    return this.ask('/v1/events', { method: 'POST', body: JSON.stringify(events), fields: ['content-type', type, ...fields] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.freshet.close();
    await this.origin[Symbol.asyncDispose]();
  }
}

const updated = (id: string, data: unknown): object => ({ specversion: '1.0', id, source: '/shop', type: 'order.updated', data });

describe('an event', () => {
  it.each(['', 'workers: 2'])('that is answered purged: the next GET of each of its tags is a miss, others stay (%s)', async (more) => {
    await using shop = await Shop.open(RULES, more);
    const paths = ['/order/7', '/product/a', '/product/b', '/order/8'];
    for (const path of paths) await shop.state(path);
    const answer = await shop.send({ ...updated('1', { id: 7, items: [{ sku: 'a' }, { sku: 'b' }] }), time: new Date().toISOString() });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      results: [{ id: '1', result: 'purged', purge: { mode: 'hard', tags: 3 }, rules: ['events.rules[0] (order.*)'] }],
    });
    expect(await Promise.all(paths.slice(0, 3).map((path) => shop.state(path)))).toEqual(['miss', 'miss', 'miss']);
    if (more === '') expect(await shop.state('/order/8')).toBe('hit');
    const { json } = await shop.ask('/v1/purges');
    expect(json).toMatchObject({
      purges: [{ kind: 'event', state: 'confirmed', actor: 'webhook event 1 of /shop', what: 'tag=order:7 tag=product:a tag=product:b' }],
    });
    const { body } = await shop.ask('/metrics');
    expect(metricIn(body, 'freshet_events_total{source="webhook",result="purged"}')).toBe(1);
    expect(metricIn(body, 'freshet_event_lag_seconds_count{source="webhook"}')).toBe(1);
    expect(metricIn(body, 'freshet_purges_total{kind="event",mode="hard"}')).toBe(1);
    expect(metricIn(body, 'freshet_events_in_flight')).toBe(0);
  });

  it('again is a duplicate', async () => {
    await using shop = await Shop.open(RULES);
    await shop.send(updated('1', { id: 7 }));
    await shop.state('/order/7');
    expect((await shop.send(updated('1', { id: 7 }))).json).toMatchObject({ results: [{ result: 'duplicate' }] });
    expect(await shop.state('/order/7')).toBe('hit');
  });

  it('in binary form, of the type that carries its tags', async () => {
    await using shop = await Shop.open('rules: []');
    await shop.state('/order/7');
    const fields = ['ce-specversion', '1.0', 'ce-id', '1', 'ce-source', '/outbox', 'ce-type', 'freshet.purge', 'content-type', 'application/json'];
    const answer = await shop.ask('/v1/events', { method: 'POST', body: '{"tags":["order:7"]}', fields });
    expect(answer.json).toMatchObject({ results: [{ result: 'purged', rules: ['freshet.purge'] }] });
    expect(await shop.state('/order/7')).toBe('miss');
  });

  it('of a batch each by itself', async () => {
    await using shop = await Shop.open(RULES);
    await shop.state('/order/7');
    const answer = await shop.send([updated('1', { id: 7 }), updated('2', {}), { id: '3' }, updated('1', { id: 7 })]);
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ results: [{ result: 'purged' }, { result: 'rejected' }, { result: 'malformed' }, { result: 'duplicate' }] });
    expect(await shop.state('/order/7')).toBe('miss');
  });

  it('is judged by the rules that a reload has brought', async () => {
    await using shop = await Shop.open('rules: []');
    expect((await shop.send(updated('1', { id: 7 }))).json).toMatchObject({ results: [{ result: 'unmatched' }] });
    await shop.freshet.reload(Shop.yaml(shop.origin, RULES));
    expect((await shop.send(updated('1', { id: 7 }))).json).toMatchObject({ results: [{ result: 'purged' }] });
  });

  it('that is too large is answered 413', async () => {
    await using shop = await Shop.open(RULES);
    const large = Array.from({ length: 5 }, (_, i) => updated(`${i}`, { id: i, text: 'x'.repeat(60_000) }));
    expect((await shop.send(large.slice(0, 4))).status).toBe(200);
    expect((await shop.send(large)).status).toBe(413);
  });

  it('is not taken from a page', async () => {
    await using shop = await Shop.open(RULES);
    expect((await shop.send(updated('1', { id: 7 }), ['origin', 'https://evil.example'])).status).toBe(403);
  });
});

describe('who may send events', () => {
  const TOKENS = 'admin: { listen: 127.0.0.1:0, token: admin-token }\npurge: { token: purge-token }';
  const signed = `webhook: { secret: ${SECRET} }`;
  const body = updated('1', { id: 7 });
  const good = (): string[] => signedFields(JSON.stringify(body));
  it.each<{ name: string; events: string; fields: () => readonly string[]; status: number }>([
    { name: 'the admin token', events: RULES, fields: () => ['authorization', 'Bearer admin-token'], status: 200 },
    { name: 'the purge token', events: RULES, fields: () => ['authorization', 'Bearer purge-token'], status: 200 },
    { name: 'no token', events: RULES, fields: () => [], status: 401 },
    { name: 'a signature that nobody asked for', events: RULES, fields: good, status: 401 },
    { name: 'a good signature', events: `${RULES}, ${signed}`, fields: good, status: 200 },
    {
      name: 'a token, where a signature is needed',
      events: `${RULES}, ${signed}`,
      fields: () => ['authorization', 'Bearer admin-token'],
      status: 401,
    },
    { name: 'nothing, where a signature is needed', events: `${RULES}, ${signed}`, fields: () => [], status: 401 },
  ])('$name: $status', async ({ events, fields, status }) => {
    await using shop = await Shop.open(events, TOKENS);
    expect((await shop.send(body, fields())).status).toBe(status);
  });

  it('dead letters are for the admin token, signed or not', async () => {
    await using shop = await Shop.open(`${RULES}, ${signed}`, TOKENS);
    for (const [authorization, status] of [
      ['Bearer admin-token', 200],
      ['Bearer purge-token', 403],
    ] as const) {
      expect((await shop.ask('/v1/events/dead', { fields: ['authorization', authorization] })).status).toBe(status);
      const all = { method: 'POST', body: '{"all":true}', fields: ['authorization', authorization] };
      expect((await shop.ask('/v1/events/replay', all)).status).toBe(status);
    }
  });
});

interface DeadPage {
  readonly dead: readonly { readonly id: string }[];
}

describe('dead letters', () => {
  it('are listed, stay while they cannot be taken, and go when they are', async () => {
    await using shop = await Shop.open(RULES);
    await shop.send(updated('1', {}));
    await shop.send({ ...updated('2', {}), subject: 's' });
    const { json } = await shop.ask('/v1/events/dead');
    expect(json).toEqual({
      dead: ['2', '1'].map((id) => ({
        source: 'webhook',
        id: expect.stringMatching(/^[0-9a-f]{12}$/),
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        event: { id, source: '/shop', type: 'order.updated', ...(id === '2' && { subject: 's' }) },
        why: ['events.rules[0] (order.*): id is missing, in order:{id}'],
      })),
      kept: { webhook: 2 },
    });
    const [{ id: second }, { id: first }] = (json as unknown as DeadPage).dead as [{ id: string }, { id: string }];
    const replay = (asked: object): ReturnType<Shop['ask']> => shop.ask('/v1/events/replay', { method: 'POST', body: JSON.stringify(asked) });
    expect((await replay({ id: second })).json).toMatchObject({
      replayed: [{ source: 'webhook', id: second, result: 'rejected' }],
      kept: { webhook: 2 },
    });
    expect(metricIn((await shop.ask('/metrics')).body, 'freshet_event_dead_letters{source="webhook"}')).toBe(2);
    await shop.freshet.reload(Shop.yaml(shop.origin, 'rules: [{ on: order.updated, purge: [orders] }]'));
    expect((await replay({ id: first, source: 'webhook' })).json).toMatchObject({
      replayed: [{ id: first, result: 'purged', purge: { tags: 1 } }],
      kept: { webhook: 1 },
    });
    expect((await replay({ id: first })).status).toBe(404);
    expect((await replay({ all: true })).json).toMatchObject({ replayed: [{ id: second, result: 'purged' }], kept: { webhook: 0 } });
    expect((await replay({ all: true })).json).toMatchObject({ replayed: [], kept: { webhook: 0 } });
  });

  it('go when their event is taken after all', async () => {
    await using shop = await Shop.open(RULES);
    await shop.send(updated('1', {}));
    await shop.send(updated('1', { id: 7 }));
    expect((await shop.ask('/v1/events/dead')).json).toEqual({ dead: [], kept: { webhook: 0 } });
  });

  it.each(['?limit=0', '?limit=1001', '?limit=x', '?source=kafka', '?id=1'])('are not listed for %s', async (query) => {
    await using shop = await Shop.open(RULES);
    expect((await shop.ask(`/v1/events/dead${query}`)).status).toBe(400);
    expect((await shop.ask('/v1/events/dead?limit=1000&source=webhook')).status).toBe(200);
  });

  it.each(['', '{}', '{"all":false}', '{"id":1}', '{"id":"1","all":true}', '{"id":"1","source":"kafka"}', '[]'])(
    'are not replayed for %j',
    async (body) => {
      await using shop = await Shop.open(RULES);
      const answer = await shop.ask('/v1/events/replay', { method: 'POST', body });
      expect(answer.status).toBe(400);
      expect(answer.json['detail']).toMatch(/allowed/);
    },
  );
});
