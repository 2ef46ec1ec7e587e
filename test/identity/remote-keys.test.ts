// Keys that are fetched: how often, how long they are believed, and what a bad answer does. A real server stands at barriers.
import { describe, expect, it } from 'vitest';
import { COOLDOWN_MS, MAX_UNKNOWN, REFRESH_MS, RemoteKeys } from '../../src/identity/remote-keys.ts';
import { TokenVerifier, type Verification } from '../../src/identity/verifier.ts';
import { SettableClock } from '../support/clock.ts';
import { Barrier, type Reply, ScriptedOrigin } from '../support/origin.ts';
import { ANYBODY, AUDIENCE, encode, ISSUER, Issuer, keySet } from './issuer.ts';

const KEYS = '/keys.json?key=s3cret';
const HOUR_MS = 3_600_000;
const one = await Issuer.create();
const two = await Issuer.create('k2');

/** A server of keys, a verifier that asks it, and a clock for both. */
class World implements AsyncDisposable {
  readonly clock = new SettableClock();
  readonly warnings: string[] = [];
  readonly told: string[] = [];
  readonly limits: string[] = [];
  readonly server: ScriptedOrigin;
  readonly verifier: TokenVerifier;

  static async start(reply: Reply | Promise<Reply>): Promise<World> {
    return new World(await ScriptedOrigin.start(), await reply);
  }

  private constructor(server: ScriptedOrigin, reply: Reply) {
    this.server = server.on(KEYS, reply);
    const keys = { kind: 'url', url: `${server.url}${KEYS}`, maxAgeMs: HOUR_MS } as const;
    this.verifier = new TokenVerifier({
      issuers: [{ issuer: ISSUER, audiences: [AUDIENCE], algorithms: ['ES256'], leewayMs: 0, keys }],
      clock: this.clock,
      warn: (message, detail) => {
        this.warnings.push(String(detail['why']));
        this.told.push(JSON.stringify([message, detail]));
      },
      limitReached: (limit) => void this.limits.push(limit),
    });
  }

  get fetches(): number {
    return this.server.count(KEYS);
  }

  /** A new token each time: none is remembered. */
  async ask(issuer = one, header: { kid?: string } = {}): Promise<string> {
    return said(await this.verifier.verify(await this.token(issuer, header), ANYBODY));
  }

  token(issuer = one, header: { kid?: string } = {}): Promise<string> {
    return issuer.sign({ sub: 'u', jti: String(++serial), exp: this.clock.now() / 1000 + 86_400 }, header);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.verifier.close();
    await this.server[Symbol.asyncDispose]();
  }
}

let serial = 0;
const said = (verification: Verification): string => (verification.kind === 'refused' ? verification.reason : 'true');
const forged = (kid: string): string =>
  [JSON.stringify({ alg: 'ES256', kid }), JSON.stringify({ iss: ISSUER, aud: AUDIENCE }), 'xx'].map(encode).join('.');
const serves = async (...issuers: readonly Issuer[]): Promise<Reply> => ({ body: await keySet(...issuers) });

describe('are fetched', () => {
  it('once, however many tokens wait for them', async () => {
    const barrier = new Barrier();
    await using world = await World.start({ ...(await serves(one)), barriers: { 'before-head': barrier } });
    const tokens = await Promise.all(Array.from({ length: 50 }, () => world.token()));
    const asked = tokens.map((token) => world.verifier.verify(token, ANYBODY));
    await barrier.reached;
    barrier.open();
    expect(new Set((await Promise.all(asked.map((pending) => Promise.resolve(pending)))).map(said))).toEqual(new Set(['true']));
    expect(world.fetches).toBe(1);
  });

  it('anew when they are old, so that a key that was removed stops working, whoever was remembered', async () => {
    await using world = await World.start(serves(one, two));
    const remembered = await world.token(two);
    expect([said(await world.verifier.verify(remembered, ANYBODY)), await world.ask(one)]).toEqual(['true', 'true']);
    world.server.on(KEYS, await serves(one));
    world.clock.advance(REFRESH_MS - 30_000);
    expect(said(await world.verifier.verify(remembered, ANYBODY))).toBe('true');
    world.clock.advance(30_000);
    expect(await world.ask(one)).toBe('true');
    expect(world.fetches).toBe(2);
    // Remembered for half a minute more, but for the keys that changed.
    expect(said(await world.verifier.verify(remembered, ANYBODY))).toBe('token-key-unknown');
  });

  it('at once for a key id that is not there: a new key works with its first token', async () => {
    await using world = await World.start(serves(one));
    expect(await world.ask(one)).toBe('true');
    world.server.on(KEYS, await serves(one, two));
    world.clock.advance(COOLDOWN_MS);
    expect([await world.ask(two), await world.ask(one), world.fetches]).toEqual(['true', 'true', 2]);
  });

  it('once a cooldown at most, whatever key ids are made up', async () => {
    await using world = await World.start(serves(one));
    const flood = () => Promise.all(Array.from({ length: 40 }, (_, i) => world.ask(one, { kid: `random-${i}` })));
    expect(new Set(await flood())).toEqual(new Set(['token-key-unknown']));
    expect(world.fetches).toBe(1);
    world.clock.advance(COOLDOWN_MS);
    expect(new Set(await flood())).toEqual(new Set(['token-key-unknown']));
    expect([world.fetches, await world.ask(one)]).toEqual([2, 'true']);
  });

  it.each([
    { name: 'young', afterMs: COOLDOWN_MS },
    { name: 'as old as they may become', afterMs: REFRESH_MS - 1 },
  ])('nobody whose key is there waits behind made-up ones; of those no more than 256 wait: keys that are $name', async ({ afterMs }) => {
    await using world = await World.start(serves(one));
    await world.ask(one);
    world.clock.advance(afterMs);
    const barrier = new Barrier();
    world.server.on(KEYS, { ...(await serves(one)), barriers: { 'before-head': barrier } });
    const answers: string[] = [];
    const flood = (): Promise<unknown>[] =>
      Array.from({ length: 700 }, async () => answers.push(said(await world.verifier.verify(forged(`random-${++serial}`), ANYBODY))));
    const first = flood();
    await barrier.reached;
    const second = flood();
    expect(await world.ask(one)).toBe('true');
    expect(answers).toHaveLength(1400 - MAX_UNKNOWN);
    expect([world.limits.length, new Set(world.limits)]).toEqual([1400 - MAX_UNKNOWN, new Set(['unknown_keys'])]);
    barrier.open();
    await Promise.all([...first, ...second]);
    expect(new Set(answers)).toEqual(new Set(['token-key-unknown']));
    // They have made room.
    world.server.on(KEYS, await serves(one, two));
    world.clock.advance(COOLDOWN_MS);
    expect(await world.ask(two)).toBe('true');
  });
});

describe('through an outage', () => {
  it('the last ones are used for as long as the setting says, and then none; they come back by themselves', async () => {
    await using world = await World.start(serves(one));
    expect(await world.ask()).toBe('true');
    world.server.on(KEYS, { status: 503 });
    for (const afterMs of [REFRESH_MS, 20 * 60_000, HOUR_MS - REFRESH_MS - 20 * 60_000 - 1]) {
      world.clock.advance(afterMs);
      expect(await world.ask()).toBe('true');
    }
    world.clock.advance(1);
    expect(await world.ask()).toBe('keys-unavailable');
    expect(world.warnings).toContain('status 503');
    expect(world.told.join()).toContain('/keys.json?***');
    expect(world.told.join()).not.toContain('s3cret');
    world.server.on(KEYS, await serves(one));
    world.clock.advance(COOLDOWN_MS);
    expect(await world.ask()).toBe('true');
  });

  it('nor is a token that was verified with them true for longer, though it is remembered', async () => {
    await using world = await World.start(serves(one));
    const token = await world.token();
    const ask = async (): Promise<string> => said(await world.verifier.verify(token, ANYBODY));
    await world.ask();
    world.server.on(KEYS, { status: 503 });
    world.clock.advance(HOUR_MS - 30_000);
    expect(await ask()).toBe('true');
    world.clock.advance(29_999);
    expect(await ask()).toBe('true');
    world.clock.advance(1);
    expect(await ask()).toBe('keys-unavailable');
  });

  it('nobody waits for a second fetch while a first has failed', async () => {
    await using world = await World.start(serves(one));
    await world.ask();
    world.server.on(KEYS, { status: 503 });
    world.clock.advance(REFRESH_MS);
    await world.ask();
    const barrier = new Barrier();
    world.server.on(KEYS, { status: 503, barriers: { 'before-head': barrier } });
    world.clock.advance(COOLDOWN_MS);
    expect(await world.ask()).toBe('true');
    await barrier.reached;
    barrier.open();
  });

  it('from the beginning, nothing is true, and the server is asked once a cooldown', async () => {
    await using world = await World.start({ fault: 'reset-before-head' });
    expect([await world.ask(), await world.ask(), await world.ask(), world.fetches]).toEqual([...Array(3).fill('keys-unavailable'), 1]);
  });

  it('a clock that was set back does not make keys young', async () => {
    await using world = await World.start(serves(one, two));
    await world.ask();
    world.server.on(KEYS, await serves(one));
    world.clock.advance(-86_400_000);
    expect([await world.ask(two), world.fetches]).toEqual(['token-key-unknown', 2]);
  });
});

describe('a bad answer brings no keys and takes none', () => {
  const bad: readonly [name: string, reply: (world: World) => Reply][] = [
    ['a redirect', ({ server }) => ({ status: 302, fields: ['location', `${server.url}/elsewhere`] })],
    ['no JSON', () => ({ body: '<html>' })],
    ['no key set', () => ({ body: '{"keys":{}}' })],
    ['too large', () => ({ body: `{"keys":[],"pad":"${'x'.repeat(300_000)}"}` })],
    ['too large, of no stated length', () => ({ body: `{"keys":[],"pad":"${'x'.repeat(300_000)}"}`, framing: 'chunked' })],
    ['cut off', () => ({ body: '{"keys":[]}', fault: 'truncate' })],
  ];
  it.each(bad)('%s', async (_, reply) => {
    await using world = await World.start(serves(one));
    await world.ask();
    world.server.on(KEYS, reply(world)).on('/elsewhere', await serves(one, two));
    world.clock.advance(REFRESH_MS);
    expect([await world.ask(one), await world.ask(two), world.server.count('/elsewhere')]).toEqual(['true', 'token-key-unknown', 0]);
    expect(world.warnings).toHaveLength(1);
  });

  it('an endless one is given up', async () => {
    await using server = await ScriptedOrigin.start();
    server.on(KEYS, { body: '{"keys":[]}', fault: 'stall' });
    const why: string[] = [];
    const options = {
      url: `${server.url}${KEYS}`,
      maxAgeMs: HOUR_MS,
      clock: new SettableClock(),
      timeoutMs: 100,
      unknown: { waiting: 0 },
      crowded: () => undefined,
      changed: () => undefined,
    };
    const keys = new RemoteKeys({ ...options, failed: (message) => void why.push(message) });
    expect([await keys.find({ alg: 'ES256', kid: 'k1' }), why.length]).toEqual([{ kind: 'unavailable' }, 1]);
    await keys.close();
  });

  it('a secret among the keys verifies nothing', async () => {
    const secret = { kty: 'oct', kid: 'k1', alg: 'HS256', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' };
    await using world = await World.start({ body: JSON.stringify({ keys: [secret] }) });
    expect(await world.ask(one)).toBe('token-key-unknown');
  });
});
