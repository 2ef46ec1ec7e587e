import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DELTA_SECONDS, parseCacheControl } from '../../src/http/cache-control.ts';

const latin1 = fc.nat(255).map((code) => String.fromCharCode(code));

describe('RFC 9111 §5.2: directives', () => {
  it.each([
    { name: 'a plain value', given: 'max-age=60', seconds: 60 },
    { name: 'any case', given: 'MaX-aGe=60', seconds: 60 },
    { name: 'a quoted value', given: 'max-age="60"', seconds: 60 },
    { name: 'leading zeros', given: 'max-age=003600', seconds: 3600 },
    { name: 'an extension before', given: 'foobar, max-age=60', seconds: 60 },
    { name: 'the name inside a quoted string', given: 'extension="max-age=3600", max-age=1', seconds: 1 },
    { name: 'the name inside a quoted string after it', given: 'max-age=1, extension="max-age=3600"', seconds: 1 },
    { name: 'empty members', given: ', max-age=60,,\t', seconds: 60 },
    { name: 'equal duplicates', given: 'max-age=60, max-age="060"', seconds: 60 },
    { name: 'an extension that says two things', given: 'foo=1, max-age=60, foo=2', seconds: 60 },
    { name: '2^31', given: 'max-age=2147483648', seconds: MAX_DELTA_SECONDS },
    { name: 'more than 2^31', given: 'max-age=2147483649', seconds: MAX_DELTA_SECONDS },
    { name: '2^64', given: 'max-age=18446744073709551616', seconds: MAX_DELTA_SECONDS },
    { name: 'four hundred digits', given: `max-age=${'9'.repeat(400)}`, seconds: MAX_DELTA_SECONDS },
    { name: 'zero', given: 'max-age=0', seconds: 0 },
  ])('reads $name: $given', ({ given, seconds }) => {
    const directives = parseCacheControl([given]);
    expect(directives.malformed).toBe(false);
    expect(directives.seconds('max-age')).toBe(seconds);
  });

  it.each([
    'max-age',
    'max-age=',
    'max-age=-1',
    'max-age=1e3',
    'max-age=3600.0',
    'max-age=3600a',
    "max-age='3600'",
    'max-age=""',
    'max-age =60',
    'max-age= 60',
    'max-age=1, max-age=2',
    'max-age="1", max-age=2',
    's-maxage=x, max-age=60',
    'stale-while-revalidate',
    'foo bar, max-age=60',
    'max-age=60, foo="bar',
    'max-age=60, "quoted"',
    'max-age=60, =5',
    'max-age=60;private',
    'private="x"y',
    'private =x',
    '\u00e4=1',
    'a="\u0001"',
  ])('calls %j malformed', (given) => {
    expect(parseCacheControl([given]).malformed).toBe(true);
  });

  it.each([
    { given: 'private', name: 'private' },
    { given: 'PRIVATE', name: 'private' },
    { given: 'private=""', name: 'private' },
    { given: 'private=" authorization"', name: 'private' },
    { given: 'private, private="x"', name: 'private' },
    { given: 'private="a, b", private="c"', name: 'private' },
    { given: 'private="set-cookie\\""', name: 'private' },
    { given: 'private=x', name: 'private' },
    { given: 'private = "x"', name: 'private' },
    { given: 'private="unterminated', name: 'private' },
    { given: 'no-cache="a"', name: 'no-cache' },
    { given: '\tno-store ,max-age=1', name: 'no-store' },
  ])('finds the prohibition in $given', ({ given, name }) => {
    expect(parseCacheControl([given]).has(name)).toBe(true);
  });

  it('unquotes', () => {
    expect(parseCacheControl(['ext="a\\"b"']).value('ext')).toBe('a"b');
    expect(parseCacheControl(['no-store']).value('no-store')).toBeUndefined();
  });

  it('lets max-stale go without a value', () => {
    const directives = parseCacheControl(['max-stale']);
    expect([directives.malformed, directives.has('max-stale'), directives.seconds('max-stale')]).toEqual([false, true, undefined]);
  });

  it('a quote that one line leaves open hides nothing in the next', () => {
    const directives = parseCacheControl(['max-age=60, foo="', 'private', 'no-store', 'bar="']);
    expect([directives.malformed, directives.has('private'), directives.has('no-store'), directives.seconds('max-age')]).toEqual([
      true,
      true,
      true,
      60,
    ]);
  });

  it('has nothing where there is no field', () => {
    const directives = parseCacheControl([]);
    expect([directives.malformed, directives.has('__proto__'), directives.has('')]).toEqual([false, false, false]);
  });
});

const directive = fc.oneof(
  fc.constantFrom('no-store', 'no-cache', 'private', 'public', 'must-revalidate').map((name) => ({ name, text: name, seconds: undefined })),
  fc.nat().map((seconds) => ({ name: 'max-age', text: `max-age=${seconds}`, seconds: Math.min(seconds, MAX_DELTA_SECONDS) })),
  fc.nat().map((seconds) => ({ name: 's-maxage', text: `s-maxage="${seconds}"`, seconds: Math.min(seconds, MAX_DELTA_SECONDS) })),
);

describe('properties', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(directive, { selector: ({ name }) => name }), (written) => {
        const read = parseCacheControl([written.map(({ text }) => text).join(' , ')]);
        expect(read.malformed).toBe(false);
        for (const { name, seconds } of written) expect([read.has(name), read.seconds(name)]).toEqual([true, seconds]);
      }),
    );
  });

  it('never throws, and answers every question about noise', () => {
    const noise = fc.oneof(fc.string({ unit: latin1 }), fc.string({ unit: fc.constantFrom('"', '\\', ',', '=', ' ', 'a', '1', ';', '\t') }));
    fc.assert(
      fc.property(noise, (text) => {
        const directives = parseCacheControl([text]);
        expect(typeof directives.malformed).toBe('boolean');
        expect(directives.seconds('max-age') ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('keeps seeing no-store in front of whatever follows', () => {
    fc.assert(fc.property(fc.string(), (noise) => parseCacheControl([`no-store, ${noise}`]).has('no-store')));
  });
});
