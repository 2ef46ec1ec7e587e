// Which peers are proxies whose Forwarded and X-Forwarded-* are believed? The setting `trusted_proxies`.
import { BlockList, isIP } from 'node:net';

/** A test for peer addresses. `cidrs` are addresses or `address/prefix`; one that is neither trusts nobody. */
export function trustedPeers(cidrs: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const cidr of cidrs) addTo(list, cidr);
  if (cidrs.length === 0) return () => false;
  return (address) => {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  };
}

function addTo(list: BlockList, cidr: string): void {
  const [, address = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(cidr) ?? [];
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const prefix = digits === undefined ? bits : Number(digits);
  if (version !== 0 && prefix <= bits) list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
}

/** `::ffff:192.0.2.1`, as a dual-stack socket names an IPv4 peer, as `192.0.2.1`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
