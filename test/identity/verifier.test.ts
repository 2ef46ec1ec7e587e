// Which tokens are true, for how long, and what each refusal is called. Every token here is signed by somebody.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportSPKI } from 'jose';
import { describe, expect, it } from 'vitest';
import { type IssuerSettings, type Presenter, TokenVerifier, type Verification } from '../../src/identity/verifier.ts';
import { SettableClock } from '../support/clock.ts';
import { ANYBODY, AUDIENCE, encode, ISSUER, Issuer, keySet } from './issuer.ts';

const SECRET = 'a-secret-of-at-least-thirty-two-bytes';
const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;

const one = await Issuer.create();
const two = await Issuer.create('k2');
const stranger = await Issuer.create();
const rsa = await Issuer.create('r1', 'RS256');

const OURS: IssuerSettings = {
  issuer: ISSUER,
  audiences: [AUDIENCE],
  algorithms: ['ES256'],
  leewayMs: 0,
  keys: { kind: 'set', jwks: await keySet(one, two) },
};
const BY_SECRET: IssuerSettings = { ...OURS, issuer: 'secretive', algorithms: ['HS256'], keys: { kind: 'secret', secret: SECRET } };
const BY_RSA: IssuerSettings = { ...OURS, issuer: 'rsa', algorithms: ['RS256'], keys: { kind: 'set', jwks: await keySet(rsa) } };
const ISSUERS = [OURS, BY_SECRET, BY_RSA];

function verifierAt(now = NOW, issuers: readonly IssuerSettings[] = ISSUERS) {
  const clock = new SettableClock(now);
  const limits: string[] = [];
  const limitReached = (limit: string): void => void limits.push(limit);
  return { clock, limits, verifier: new TokenVerifier({ issuers, clock, warn: () => undefined, limitReached }) };
}

const said = (verification: Verification): unknown => (verification.kind === 'refused' ? verification.reason : verification.claims['sub']);
const hs256 = (header: string, claims: object, secret = SECRET): string => {
  const input = `${encode(header)}.${encode(JSON.stringify({ iss: 'secretive', aud: AUDIENCE, ...claims }))}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
};
const LATER = SECONDS + 600;
/** Of an issuer that nobody knows: each is verified, and none is remembered. */
const nobodys = (i: number): string => `${encode('{"alg":"ES256","kid":"k1"}')}.${encode(`{"iss":"x","n":${i}}`)}.c2ln`;

describe('is true', () => {
  it.each([
    ['one of ours', () => one.sign({ sub: 'u', exp: LATER })],
    ['by another of our keys', () => two.sign({ sub: 'u', exp: LATER })],
    ['for several audiences', () => one.sign({ sub: 'u', exp: LATER, aud: ['x', AUDIENCE] })],
    ['of another issuer, by a secret', () => hs256('{"alg":"HS256"}', { sub: 'u', exp: LATER })],
    ['of another issuer, by RSA', () => rsa.sign({ iss: 'rsa', sub: 'u', exp: LATER })],
    ['that ends in a very long time', () => one.sign({ sub: 'u', exp: 1e15 })],
    ['with a fraction of a second', () => one.sign({ sub: 'u', exp: LATER + 0.5 })],
    [
      'with keys of its own that nobody reads',
      async () => one.sign({ sub: 'u', exp: LATER }, { jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' }),
    ],
  ])('%s', async (_, token) => {
    expect(said(await verifierAt().verifier.verify(await token(), ANYBODY))).toBe('u');
  });
});

describe('is refused', () => {
  const mallory = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  type Row = readonly [name: string, reason: string, token: () => string | Promise<string>];
  const rows: readonly Row[] = [
    ['no JWT', 'token-malformed', () => 'opaque'],
    ['over 8 KiB', 'token-malformed', () => one.sign({ sub: 'u', exp: LATER, pad: 'x'.repeat(7000) })],
    [
      'a claim twice, signed all the same',
      'token-malformed',
      () => one.signTexts('{"alg":"ES256","kid":"k1"}', `{"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":${LATER},"sub":"a","sub":"b"}`),
    ],
    [
      'an extension, signed all the same',
      'token-malformed',
      () => one.signTexts('{"alg":"ES256","kid":"k1","crit":["x"],"x":1}', `{"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":${LATER}}`),
    ],
    [
      'a signature that is not of the text',
      'token-invalid',
      async () =>
        `${(await one.sign({ sub: 'v', exp: LATER })).split('.').slice(0, 2).join('.')}.${(await one.sign({ sub: 'u', exp: LATER })).split('.')[2]}`,
    ],
    ['an unsigned one', 'token-malformed', () => `${encode('{"alg":"none"}')}.${encode(`{"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":${LATER}}`)}.`],
    ...['none', 'None', 'nOnE', 'ES256 ', 'es256', ''].map(
      (alg) =>
        [
          `alg ${JSON.stringify(alg)}`,
          'token-invalid',
          () => one.signTexts(JSON.stringify({ alg, kid: 'k1' }), `{"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":${LATER}}`),
        ] as const,
    ),
    ['another algorithm than the issuer’s', 'token-invalid', () => rsa.sign({ exp: LATER })],
    [
      'the key of another issuer',
      'token-key-unknown',
      () => one.signTexts('{"alg":"RS256","kid":"k1"}', `{"iss":"rsa","aud":"${AUDIENCE}","exp":${LATER}}`),
    ],
    [
      'a public key taken for a secret',
      'token-invalid',
      async () => hs256('{"alg":"HS256","kid":"r1"}', { iss: 'rsa', exp: LATER }, await exportSPKI(rsa.publicKey)),
    ],
    ['a secret of somebody else', 'token-invalid', () => hs256('{"alg":"HS256"}', { exp: LATER }, 'another-secret-of-thirty-two-bytes!')],
    ['a stranger with our key id', 'token-invalid', () => stranger.sign({ sub: 'u', exp: LATER })],
    [
      'a stranger with his own key in the header',
      'token-invalid',
      async () => stranger.sign({ sub: 'u', exp: LATER }, { jwk: { ...(mallory.publicKey.export({ format: 'jwk' }) as object), kty: 'EC' } }),
    ],
    ['an unknown key id', 'token-key-unknown', () => one.sign({ exp: LATER }, { kid: 'k9' })],
    ['a key id that is a path', 'token-key-unknown', () => one.sign({ exp: LATER }, { kid: '../../dev/null' })],
    ['a key id that is a prototype', 'token-key-unknown', () => one.sign({ exp: LATER }, { kid: '__proto__' })],
    [
      'no key id where two keys could be meant',
      'token-key-unknown',
      () => one.signTexts('{"alg":"ES256"}', `{"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":${LATER}}`),
    ],
    ['another audience', 'token-invalid', () => one.sign({ aud: 'other', exp: LATER })],
    ['no audience', 'token-invalid', () => one.sign({ aud: undefined, exp: LATER })],
    ['another issuer', 'token-invalid', () => one.sign({ iss: 'https://login.example', exp: LATER })],
    ['no issuer', 'token-invalid', () => one.sign({ iss: undefined, exp: LATER })],
    [
      'a list as issuer',
      'token-invalid',
      () => one.signTexts('{"alg":"ES256","kid":"k1"}', `{"iss":["${ISSUER}"],"aud":"${AUDIENCE}","exp":${LATER}}`),
    ],
    ['an expired one', 'token-expired', () => one.sign({ exp: SECONDS - 1 })],
    ['one that expires now', 'token-expired', () => one.sign({ exp: SECONDS })],
    ['no end', 'token-invalid', () => one.sign({})],
    [
      'an end that is text',
      'token-invalid',
      () => one.signTexts('{"alg":"ES256","kid":"k1"}', `{"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":"${LATER}"}`),
    ],
    [
      'an end past all numbers',
      'token-invalid',
      () => one.signTexts('{"alg":"ES256","kid":"k1"}', `{"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":1e999}`),
    ],
    ['not valid yet', 'token-not-yet-valid', () => one.sign({ exp: LATER, nbf: SECONDS + 1 })],
    ['issued in the future', 'token-not-yet-valid', () => one.sign({ exp: LATER, iat: SECONDS + 1 })],
  ];
  it.each(rows)('%s: %s', async (_, reason, token) => {
    expect(said(await verifierAt().verifier.verify(await token(), ANYBODY))).toBe(reason);
  });

  it('a clock that differs by the leeway and no more', async () => {
    const { verifier } = verifierAt(NOW, [{ ...OURS, leewayMs: 5000 }]);
    const verdicts = [
      { exp: SECONDS - 4 },
      { exp: SECONDS - 5 },
      { exp: LATER, nbf: SECONDS + 5, iat: SECONDS + 5 },
      { exp: LATER, nbf: SECONDS + 6 },
      { exp: LATER, iat: SECONDS + 6 },
    ];
    const met = await Promise.all(verdicts.map(async (claims) => said(await verifier.verify(await one.sign({ sub: 'u', ...claims }), ANYBODY))));
    expect(met).toEqual(['u', 'token-expired', 'u', 'token-not-yet-valid', 'token-not-yet-valid']);
  });
});

describe('is remembered', () => {
  it('from then on without a wait, as the same value', async () => {
    const { verifier } = verifierAt();
    const token = await one.sign({ sub: 'u', exp: LATER });
    const first = await verifier.verify(token, ANYBODY);
    expect(verifier.verify(token, ANYBODY)).toBe(first);
  });

  it('for a minute, and then verified anew', async () => {
    const { verifier, clock } = verifierAt();
    const token = await one.sign({ sub: 'u', exp: LATER });
    const first = await verifier.verify(token, ANYBODY);
    clock.advance(59_999);
    expect(verifier.verify(token, ANYBODY)).toBe(first);
    clock.advance(1);
    const again = verifier.verify(token, ANYBODY);
    expect(again).toBeInstanceOf(Promise);
    expect(await again).not.toBe(first);
  });

  it('never past its end', async () => {
    const { verifier, clock } = verifierAt();
    const token = await one.sign({ sub: 'u', exp: SECONDS + 10 });
    await verifier.verify(token, ANYBODY);
    clock.advance(9999);
    expect(said(await verifier.verify(token, ANYBODY))).toBe('u');
    clock.advance(1);
    expect(said(await verifier.verify(token, ANYBODY))).toBe('token-expired');
  });

  it('not across a clock that was set back', async () => {
    const { verifier, clock } = verifierAt();
    const token = await one.sign({ sub: 'u', exp: LATER, nbf: SECONDS });
    await verifier.verify(token, ANYBODY);
    clock.advance(-1000);
    expect(said(await verifier.verify(token, ANYBODY))).toBe('token-not-yet-valid');
  });

  it('not where it was refused', async () => {
    const { verifier } = verifierAt();
    const token = await one.sign({ exp: SECONDS });
    await verifier.verify(token, ANYBODY);
    expect(verifier.verify(token, ANYBODY)).toBeInstanceOf(Promise);
  });

  it('however many ask at once, by one verification', async () => {
    const { verifier } = verifierAt();
    const token = await one.sign({ sub: 'u', exp: LATER });
    const asked = Array.from({ length: 100 }, () => verifier.verify(token, ANYBODY));
    expect(new Set(asked).size).toBe(1);
    expect(new Set(await Promise.all(asked.map((pending) => Promise.resolve(pending)))).size).toBe(1);
  });

  it('and no more than 1024 are verified at once', async () => {
    const { limits, verifier } = verifierAt();
    const asked = Array.from({ length: 1025 }, (_, i) => verifier.verify(nobodys(i), ANYBODY));
    expect(asked.map((pending) => pending instanceof Promise).indexOf(false)).toBe(1024);
    expect(said(asked[1024] as Verification)).toBe('verification-busy');
    expect(limits).toEqual(['verifications']);
    expect(new Set((await Promise.all(asked.slice(0, 1024).map((pending) => Promise.resolve(pending)))).map(said))).toEqual(
      new Set(['token-invalid']),
    );
  });
});

describe('of one address no more are verified at once than may be', () => {
  const most = 3;
  const from = (address: string, trusted = false): Presenter => ({ address, most, trusted: () => trusted });
  const client = '192.0.2.1';

  it('and those of others are; what is verified already is shared, and what has ended makes room', async () => {
    const { limits, verifier } = verifierAt();
    const asked = Array.from({ length: most }, (_, i) => verifier.verify(nobodys(i), from(client)));
    expect(verifier.verify(nobodys(most), from(`::ffff:${client}`))).toEqual({ kind: 'refused', reason: 'verification-busy-client' });
    expect(limits).toEqual(['limits.verifications_per_address']);
    expect(verifier.verify(nobodys(0), from(client))).toBe(asked[0]);
    const other = verifier.verify(nobodys(most), from('192.0.2.2'));
    expect(other).toBeInstanceOf(Promise);
    await Promise.all([...asked, other]);
    expect(verifier.verify(nobodys(most), from(client))).toBeInstanceOf(Promise);
    expect(limits).toHaveLength(1);
  });

  it('but for a trusted proxy, who speaks for many', () => {
    const { limits, verifier } = verifierAt();
    const asked = Array.from({ length: 2 * most }, (_, i) => verifier.verify(nobodys(i), from(client, true)));
    expect(asked.every((pending) => pending instanceof Promise)).toBe(true);
    expect(limits).toEqual([]);
  });
});
