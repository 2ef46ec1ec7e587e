// A purge lands while the origin is asked whose a request is, or while something is fetched on the ground of what it said: no later request rests on
// either, and nothing that was made for one scope is kept for another. PURGE-PROTOCOL §3.2 rules 1, 4, 5 and 7, for looked-up scopes.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { get } from '../support/client.ts';
import { Barrier, type Place, type Reply } from '../support/origin.ts';
import { PURGES, Stage } from './journey.ts';

const CONFIG = 'routes: [{ path: /a, scope: { lookup: /_scope } }, { path: /posts, scope: { lookup: /_scope }, store_post: true }]';
const S1: Fields = ['cookie', 'session=s1'];
const S2: Fields = ['cookie', 'session=s2'];

/** An answer that states the version of the user that it read. */
const versioned = (version: number): Reply => ({
  fields: ['auth-scope', 'gold', 'cache-control', 'max-age=60', 'surrogate-version', `user:1=${version}`],
});

/** The role that the application would answer by now, and its reply to the nth question. */
class App {
  role = 'gold';
  readonly stage: Stage;

  constructor(stage: Stage, questions: readonly Reply[] = [], answers: readonly Reply[] = []) {
    this.stage = stage;
    stage.origin.on('/_scope', (_, nth) => {
      const { role } = this;
      return { fields: ['auth-scope', role, 'cache-control', 'max-age=60', 'surrogate-key', 'user:1'], ...questions[nth - 1] };
    });
    stage.origin.on('/a', (_, nth) => ({
      fields: ['cache-control', 'max-age=60', 'etag', '"1"'],
      framing: 'chunked',
      ...answers[nth - 1],
      body: () => `${this.role} ${nth}`,
    }));
  }

  /** As an application does it: the data, then the purge. */
  async demote(order: object = { tags: ['user:1'] }): Promise<void> {
    this.role = 'basic';
    const answer = await get(this.stage.freshet.adminAddress, '/v1/purge', { method: 'POST', body: JSON.stringify(order) });
    expect(answer.body).toContain('"confirmed"');
  }

  ask(fields: Fields = S1) {
    return this.stage.ask('GET /a', { fields });
  }

  get questions(): number {
    return this.stage.asked.filter((line) => line === 'GET /_scope').length;
  }
}

describe('a purge while the origin is asked', () => {
  it('the old answer selects nothing: not for who waited, and not for who comes', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const barrier = new Barrier();
    const app = new App(stage, [{ fields: ['auth-scope', 'gold', 'cache-control', 'max-age=60'], barriers: { 'before-head': barrier } }]);
    const waiting = app.ask();
    await barrier.reached;
    await app.demote({ scopes: [{ 'cookie.session': 's1' }] });
    barrier.open();
    expect([(await waiting).body, app.questions]).toEqual(['basic 1', 2]);
    expect([(await app.ask()).body, app.questions]).toEqual(['basic 1', 2]);
  });

  it('purges that never end: passed on uncached', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const app = new App(stage);
    stage.origin.on('/_scope', async () => {
      await app.demote();
      return { fields: ['auth-scope', 'gold', 'cache-control', 'max-age=60', 'surrogate-key', 'user:1'] };
    });
    const answer = await app.ask();
    expect([answer.body, answer.field('cache-status')]).toEqual(['basic 1', 'freshet; fwd=bypass; fwd-status=200; detail=purged-in-flight']);
    expect(app.questions).toBe(4);
  });

  it('its settle window: the answer is no ground for anything', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const app = new App(stage);
    await app.demote({ tags: ['user:1'], settle: '5s' });
    expect((await app.ask()).field('cache-status')).toBe('freshet; fwd=bypass; fwd-status=200; detail=held');
    stage.clock.advance(5000);
    expect((await app.ask()).field('cache-status')).toBe('freshet; fwd=uri-miss; fwd-status=200; stored');
  });

  it('an answer that states a lower version than was demanded is no ground either', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const app = new App(stage, [versioned(6), versioned(7)]);
    await app.demote({ versions: { 'user:1': 7 } });
    expect((await app.ask()).field('cache-status')).toBe('freshet; fwd=bypass; fwd-status=200; detail=version-behind');
    expect((await app.ask()).field('cache-status')).toBe('freshet; fwd=uri-miss; fwd-status=200; stored');
  });
});

describe('a purge of what a scope rests on, while something is fetched in it', () => {
  it.each(['before-read', 'before-head', 'after-head', 'mid-body', 'before-end'] as const)(
    'with the fetch at %s: what came is not kept for the scope',
    async (place: Place) => {
      await using stage = await Stage.start({ config: CONFIG });
      const barrier = new Barrier();
      // Whoever is asked for s2 is still gold.
      const app = new App(
        stage,
        [{}, { fields: ['auth-scope', 'basic', 'cache-control', 'max-age=60'] }].concat(
          Array.from({ length: 3 }, () => ({ fields: ['auth-scope', 'gold', 'cache-control', 'max-age=60'] })),
        ),
        [{ barriers: { [place]: barrier } }],
      );
      const before = app.ask();
      await barrier.reached;
      await stage.roundTrips();
      await app.demote();
      barrier.open();
      await before;
      const later = await app.ask(S2);
      expect(later.field('cache-status')).toMatch(/^freshet; fwd=/);
      expect(later.body).not.toContain(' 1');
    },
  );

  it('while its entry is being validated: a 304 brings nothing back', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const barrier = new Barrier();
    const app = new App(stage, [], [{}, { status: 304, framing: 'length', barriers: { 'before-head': barrier } }]);
    await app.ask();
    stage.clock.advance(59_999);
    await app.ask();
    stage.clock.advance(1);
    const before = app.ask();
    await barrier.reached;
    await app.demote();
    barrier.open();
    expect((await before).body).toBe('basic 3');
    expect((await app.ask()).body).toBe('basic 3');
  });

  it('followers of the fetch are asked for anew, each for itself', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const barrier = new Barrier();
    const app = new App(stage, [], [{ barriers: { 'before-head': barrier } }]);
    const waiting = [app.ask(S1), app.ask(S1), app.ask(S2), app.ask(S2)];
    await barrier.reached;
    await stage.roundTrips();
    expect(app.questions).toBe(2);
    await app.demote();
    barrier.open();
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['basic 2']));
    expect(app.questions).toBe(4);
  });

  it('an answer to a POST that may be kept is not, where the scope went meanwhile', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const barrier = new Barrier();
    const app = new App(stage);
    stage.origin.on('/posts', ({ method }) => ({
      fields: ['cache-control', 'max-age=60', 'content-location', '/posts'],
      body: method,
      ...(method === 'POST' ? { barriers: { 'before-head': barrier } } : {}),
    }));
    const posting = stage.ask('POST /posts', { fields: S1, body: 'x' });
    await barrier.reached;
    await app.demote();
    app.role = 'gold';
    barrier.open();
    await posting;
    expect((await stage.ask('GET /posts', { fields: S1 })).body).toBe('GET');
  });
});

it('two credentials of one scope share a fetch, made with the credential of who came first', async () => {
  await using stage = await Stage.start({ config: CONFIG });
  const barrier = new Barrier();
  const app = new App(stage, [], [{ barriers: { 'before-head': barrier } }]);
  const first = app.ask(S1);
  await barrier.reached;
  const second = app.ask(S2);
  await stage.roundTrips();
  barrier.open();
  expect((await first).body).toBe('gold 1');
  expect((await second).field('cache-status')).toContain('collapsed');
  expect(stage.origin.requests.filter(({ path }) => path === '/a').map(({ fields }) => fields[fields.indexOf('cookie') + 1])).toEqual(['session=s1']);
});

it('a purge by the application’s own PURGE of the tag ends what is remembered at once', async () => {
  await using stage = await Stage.start({ config: CONFIG });
  const app = new App(stage);
  await app.ask();
  app.role = 'basic';
  await stage.ask('PURGE /', { fields: [...PURGES, 'surrogate-key', 'user:1'] });
  expect((await app.ask()).body).toBe('basic 2');
});
