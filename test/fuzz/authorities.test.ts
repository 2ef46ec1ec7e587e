// SECURITY §1 row 14, §3 "Host variants": a Host is one host and port in the one spelling of it, and that is the one that anybody reads there; or it is refused.
import { isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAuthority } from '../../src/http/authority.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { authorities } = corpus('authorities', ['authorities']);
const text = fc.oneof(fc.constantFrom(...authorities), mutated(authorities));
const scheme = fc.constantFrom('http', 'https');

/** As the WHATWG URL parser reads it, which also turns numbers into IPv4 addresses and shortens IPv6 ones. */
function readByUrl(authority: string, of: 'http' | 'https'): { readonly host: string; readonly port: string; readonly userinfo: string } {
  const url = new URL(`${of}://${authority}/`);
  return { host: url.hostname.replace(/\.$/, ''), port: url.port, userinfo: url.username + url.password };
}

function isNumeric(host: string): boolean {
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(host.split('.').at(-1) ?? '');
}

describe('authorities', () => {
  it('a canonical one is its own canonical form, whatever the case it came in', () => {
    let accepted = 0;
    fc.assert(
      fc.property(text, scheme, (given, of) => {
        const canonical = canonicalAuthority(given, of);
        expect(
          canonicalAuthority(
            given.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
            of,
          ),
        ).toBe(canonical);
        if (canonical === undefined) return;
        accepted++;
        expect(canonicalAuthority(canonical, of)).toBe(canonical);
        expect(canonical).toMatch(/^(?:\[[0-9a-f:.]+\]|[a-z0-9_~-]+(?:\.[a-z0-9_~-]+)*)(?::(?!0)\d{1,5})?$/);
      }),
      RUNS,
    );
    expect(accepted).toBeGreaterThan(500);
  });

  it('it is what another parser reads there', () => {
    fc.assert(
      fc.property(text, scheme, (given, of) => {
        const canonical = canonicalAuthority(given, of);
        if (canonical === undefined) return;
        const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(canonical) ?? [];
        // What only one parser takes for an address, or for no name, names nothing for another.
        if (!URL.canParse(`${of}://${given}/`)) expect(isNumeric(host) || host.startsWith('xn--') || host.includes('.xn--')).toBe(true);
        else if (!isNumeric(host) && !isIPv6(host.slice(1, -1))) expect(readByUrl(given, of)).toEqual({ host, port, userinfo: '' });
        else expect(readByUrl(given, of)).toMatchObject({ port, userinfo: '' });
      }),
      RUNS,
    );
  });

  it("the scheme's own port is no port, another scheme's is one", () => {
    fc.assert(
      fc.property(text, scheme, fc.constantFrom('', '0', '000'), (given, of, zeros) => {
        const plain = canonicalAuthority(given, of);
        if (plain === undefined || given.replace(/^\[[^\]]*\]/, '').includes(':')) return;
        const [own, others] = of === 'http' ? ['80', '443'] : ['443', '80'];
        expect(canonicalAuthority(`${given}:`, of)).toBe(plain);
        expect(canonicalAuthority(`${given}:${zeros}${own}`, of)).toBe(plain);
        expect(canonicalAuthority(`${given}:${zeros}${others}`, of)).toBe(`${plain}:${others}`);
      }),
      RUNS,
    );
  });
});
