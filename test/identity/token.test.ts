// What is refused before any key is looked at, however well it is signed. SECURITY §5 "JWT".
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readToken } from '../../src/identity/token.ts';
import { encode } from './issuer.ts';

const HEADER = '{"alg":"ES256","kid":"k1"}';
const CLAIMS = '{"iss":"i","sub":"u"}';
const token = (header: string, claims = CLAIMS, signature = 'c2ln'): string => `${encode(header)}.${encode(claims)}.${signature}`;

it('is read where nothing is wrong with it', () => {
  expect(readToken(token(HEADER))).toEqual({ header: { alg: 'ES256', kid: 'k1' }, claims: { iss: 'i', sub: 'u' } });
  expect(
    readToken(token('{"alg":"ES256","typ":"at+jwt","jwk":{"kty":"oct","k":"x"},"jku":"http://evil/","x5u":"http://evil/","x5c":["x"]}')),
  ).toEqual({
    header: { alg: 'ES256' },
    claims: { iss: 'i', sub: 'u' },
  });
});

describe('is refused', () => {
  it.each([
    ['nothing', ''],
    ['opaque text', 'f3a9c2'],
    ['two parts', token(HEADER).split('.').slice(0, 2).join('.')],
    ['no signature', token(HEADER, CLAIMS, '')],
    ['a JWE', `${token(HEADER)}.a.b`],
    ['too long', token(HEADER, JSON.stringify({ iss: 'i', pad: 'x'.repeat(6200) }))],
    ['a header that is no object', token('["ES256"]')],
    ['a header that is no JSON', token('{"alg":"ES256"')],
    ['claims that are no object', token(HEADER, '"x"')],
    ['another token inside', token('{"alg":"ES256","cty":"JWT"}', token(HEADER))],
    ['no algorithm', token('{"kid":"k1"}')],
    ['an algorithm that is no text', token('{"alg":["ES256"]}')],
    ['a key id that is no text', token('{"alg":"ES256","kid":1}')],
    ['an extension', token('{"alg":"ES256","crit":["exp"],"exp":1}')],
    ['an empty list of extensions', token('{"alg":"ES256","crit":[]}')],
    ['an unencoded payload', token('{"alg":"ES256","b64":false}')],
    ['encryption', token('{"alg":"dir","enc":"A256GCM"}')],
    ['a header member twice', token('{"alg":"none","alg":"ES256"}')],
    ['a claim twice', token(HEADER, '{"iss":"i","sub":"u1","sub":"u2"}')],
    ['a claim twice, once escaped', token(HEADER, '{"iss":"i","sub":"u1","s\\u0075b":"u2"}')],
    ['a member twice deep down', token(HEADER, '{"iss":"i","a":[{"b":1},{"b":{"c":1,"c":2}}]}')],
    ['__proto__ twice', token(HEADER, '{"__proto__":1,"__proto__":2}')],
    ['padding', token(HEADER, CLAIMS, 'c2k=')],
    ['base64 that is not of URLs', token(HEADER, CLAIMS, 'c2+n')],
    ['left-over bits', token(HEADER, CLAIMS, 'c3')],
    ['a blank within', token(HEADER).replace('.', '. ')],
    ['bytes that are no UTF-8', `${encode(HEADER)}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}.c2ln`],
    ['a byte order mark', token(`\uFEFF${HEADER}`)],
  ])('%s', (_, text) => {
    expect(readToken(text)).toBeUndefined();
  });

  it('the same name in two objects is no repetition', () => {
    expect(readToken(token(HEADER, '{"a":{"x":"{\\"x\\":1,\\"x\\":2}"},"b":{"x":["x","x"]},"x":"x"}'))).toBeDefined();
  });
});

describe('properties', () => {
  it('what JSON writes is read, and read alike', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }), (claims) => {
        const text = token(HEADER, JSON.stringify(claims));
        fc.pre(text.length <= 8192);
        expect(JSON.stringify(readToken(text)?.claims)).toBe(JSON.stringify(JSON.parse(JSON.stringify(claims))));
      }),
    );
  });

  it('a member that is said again is always seen', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (name, one, other) => {
        const twice = `{${JSON.stringify(name)}:${JSON.stringify(one)},"between":[1],${JSON.stringify(name)} :${JSON.stringify(other)}}`;
        expect(readToken(token(HEADER, twice))).toBeUndefined();
      }),
    );
  });

  it('nothing makes it throw', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('e', 'y', 'J', '.', '=', '{', '-', 'é') }), (text) => void readToken(text)));
  });
});
