// Which tags are of one kind? `product:1`, `product:2` and the template `product:{id}` are of the family `product:*`: what the map and the checks speak of.
//
// The rule: a UUID is `*`. Of what stands between other characters, digits are `*`, so are eight or more hexadecimal ones with a digit among them, and sixteen or
// more letters and digits with a digit among them (ULIDs, hashes, random ids). In a template, what stands in braces is `*`. Everything else is the family's name.

const UUID = /(?<![A-Za-z0-9])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![A-Za-z0-9])/gi;
const RUN = /[A-Za-z0-9]+/g;
const IDENTIFIER = /^(?:\d+|(?=.*\d)(?:[0-9a-f]{8,}|[A-Za-z0-9]{16,}))$/i;

export function familyOf(tag: string): string {
  // No id is without one: the version of a UUID is a digit.
  if (!/\d/.test(tag)) return tag;
  return tag.replace(UUID, '*').replace(RUN, (run) => (IDENTIFIER.test(run) ? '*' : run));
}

/** Whether there is more to it than values and what stands between them: a family that is only `*` tells nothing of any other. */
export function hasName(family: string): boolean {
  return /[^*:/|_.=-]/.test(family);
}

/** Whether other things than ids were taken for the `*` of a family, as `examples` show: then it is for any word. Else for what an id looks like, and no more. */
export function isWidened(family: string, examples: readonly string[]): boolean {
  return family.includes('*') && examples.some((tag) => !tag.endsWith('…') && familyOf(tag) !== family);
}

export function familyOfTemplate(template: string): string {
  return familyOf(template.replace(/\{[^{}]*\}/g, '*'));
}

/**
 * Whether a purge of every tag of `pattern` would name every tag of `family`, or this one tag: `*` is one character or more, but never a colon.
 * Going back to the last `*` only: no text makes it slow.
 */
export function covers(pattern: string, family: string): boolean {
  let [at, from] = [0, 0];
  let star: number | undefined;
  let taken = 0;
  while (at < family.length) {
    const char = family[at];
    if (pattern[from] === '*' && char !== ':') {
      star = from++;
      taken = ++at;
    } else if (pattern[from] === char) {
      from++;
      at++;
    } else if (star !== undefined && family[taken] !== ':') {
      from = star + 1;
      at = ++taken;
    } else return false;
  }
  return from === pattern.length;
}
