// A purge of a scope, or of a tag, lands while a request of that scope is under way: at the origin, in its body, in a validation, or in the
// verification of its token. PURGE-PROTOCOL §3.2 rules 1, 2, 4, 5 and 7, for scopes of claims.
import { describe, expect, it } from 'vitest';
import { AUDIENCE, ISSUER, Issuer, keySet } from '../identity/issuer.ts';
import { AUTH, bearer } from '../identity/secret-token.ts';
import { get } from '../support/client.ts';
import { Barrier, type Place, type Reply, ScriptedOrigin } from '../support/origin.ts';
import { PURGES, Stage } from './journey.ts';

const CONFIG = `${AUTH}\ndefaults: { scope: [tenant, sub] }`;
const U = bearer({ tenant: 't', sub: 'u' });
const FRESH: Reply = { fields: ['cache-control', 'max-age=60', 'etag', '"1"', 'surrogate-key', 'page'] };

/** Answers with the number of the fetch; the nth stands at its barrier. */
function serve(stage: Stage, ...replies: readonly Reply[]): void {
  stage.origin.on('/a', (_, nth) => ({ ...FRESH, body: `fetch ${nth}`, framing: 'chunked', ...replies[nth - 1] }));
}

async function purgeScope(stage: Stage, scope: object): Promise<void> {
  const answer = await get(stage.freshet.adminAddress, '/v1/purge', { method: 'POST', body: JSON.stringify({ scopes: [scope] }) });
  expect(answer.body).toContain('"confirmed"');
}

const askU = (stage: Stage) => stage.ask('GET /a', { fields: U });

describe('a purge of the scope', () => {
  it.each(['before-head', 'after-head', 'mid-body', 'before-end'] as const)(
    'with its fetch at %s: nothing of that fetch answers later requests',
    async (place: Place) => {
      await using stage = await Stage.start({ config: CONFIG });
      const barrier = new Barrier();
      serve(stage, { barriers: { [place]: barrier } });
      const before = askU(stage);
      await barrier.reached;
      await stage.roundTrips();
      await purgeScope(stage, { sub: 'u' });
      // Answered while the first still stands.
      expect((await askU(stage)).body).toBe('fetch 2');
      barrier.open();
      await before;
      expect((await askU(stage)).body).toBe('fetch 2');
    },
  );

  it('of somebody else leaves it alone', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const barrier = new Barrier();
    serve(stage, { barriers: { 'before-head': barrier } });
    const before = askU(stage);
    await barrier.reached;
    await purgeScope(stage, { sub: 'v' });
    barrier.open();
    expect([(await before).body, (await askU(stage)).body]).toEqual(['fetch 1', 'fetch 1']);
  });

  it('while its entry is being validated: a 304 does not bring it back', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    const barrier = new Barrier();
    serve(stage, {}, { status: 304, framing: 'length', barriers: { 'before-head': barrier } });
    await askU(stage);
    stage.clock.advance(61_000);
    const validating = askU(stage);
    await barrier.reached;
    await stage.roundTrips();
    await purgeScope(stage, { tenant: 't' });
    expect((await askU(stage)).body).toBe('fetch 3');
    barrier.open();
    expect((await validating).body).not.toBe('fetch 1');
    expect((await askU(stage)).body).not.toBe('fetch 1');
  });
});

describe('a request whose token is being verified', () => {
  it.each([
    ['arrived after the purge: it is not given what was fetched before, though it joins late', true],
    ['arrived before the purge: it has what was fetched anew, and so have those after it', false],
  ])('%s', async (_, isAfter) => {
    const issuer = await Issuer.create();
    await using server = await ScriptedOrigin.start();
    const keys = await keySet(issuer);
    server.on('/keys', { body: keys });
    const jwt = `{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks_url: "${server.url}/keys", algorithms: [ES256] }`;
    await using stage = await Stage.start({ config: `auth: { jwt: ${jwt} }\ndefaults: { scope: [sub] }` });
    const ask = async (jti: string) => {
      const token = await issuer.sign({ sub: 'u', jti, exp: stage.clock.now() / 1000 + 3600 });
      return stage.ask('GET /a', { fields: ['authorization', `Bearer ${token}`] });
    };
    const head = new Barrier();
    const verification = new Barrier();
    serve(stage, { barriers: { 'before-head': head } });
    const leader = ask('first');
    await head.reached;
    // The keys are old now, so that the next token waits for them.
    server.on('/keys', { body: keys, barriers: { 'before-head': verification } });
    stage.clock.advance(5 * 60_000);
    const purge = () => stage.ask('PURGE /', { fields: [...PURGES, 'surrogate-key', 'page'] });
    if (isAfter) await purge();
    const late = ask('second');
    await verification.reached;
    if (!isAfter) await purge();
    verification.open();
    await stage.roundTrips();
    head.open();
    await leader;
    expect((await late).body).toBe('fetch 2');
    expect((await ask('third')).body).toBe('fetch 2');
  });
});
