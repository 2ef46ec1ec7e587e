// `/products/{key}`: what differs between keys, users and writes stands in braces.

export type Names = Readonly<Record<string, string>>;

const HOLE = /\{(\w+)\}/g;

export function namesIn(template: string): readonly string[] {
  return Array.from(template.matchAll(HOLE), ([, name = '']) => name);
}

/** A hole that `names` does not fill stays as it stands; `encode` is applied to what fills the others. */
export function fill(template: string, names: Names, encode: (text: string) => string = String): string {
  return template.replaceAll(HOLE, (hole, name: string) => (Object.hasOwn(names, name) ? encode(names[name] ?? '') : hole));
}
