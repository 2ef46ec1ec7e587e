// What the origin double of a history says: a page composed of registers, stated whole in its entity-tag and again in its body. PURGE-PROTOCOL §6.
// Whoever has the entity-tag knows every byte of the body, so HEAD, 304 and ranges are checked like whole answers.
import { hash } from 'node:crypto';

export interface Stated {
  readonly path: string;
  /** `public`, or whose credential was presented. */
  readonly scope: string;
  readonly variant: string;
  /** Register and version. */
  readonly versions: ReadonlyMap<string, number>;
  /** Which answer of the origin it was. */
  readonly nonce: number;
}

export function entityTag({ path, scope, variant, versions, nonce }: Stated): string {
  const registers = Array.from(versions, ([register, version]) => `${register}=${version}`).join(',');
  return `"${[path, scope, variant, registers, nonce].join('|')}"`;
}

export function parseEntityTag(text: string): Stated | undefined {
  const parts = /^"([^|"]+)\|([^|"]+)\|([^|"]+)\|([^|"]+)\|(\d+)"$/.exec(text);
  if (parts === null) return undefined;
  const [, path = '', scope = '', variant = '', registers = '', nonce = ''] = parts;
  const versions = registers.split(',').map((pair) => {
    const [register = '', version = ''] = pair.split('=');
    return [register, Number(version)] as const;
  });
  return { path, scope, variant, versions: new Map(versions), nonce: Number(nonce) };
}

export function bodyOf(stated: Stated): string {
  const said = JSON.stringify({ ...stated, versions: Object.fromEntries(stated.versions) });
  return JSON.stringify({ said, sha: hash('sha256', said) });
}
