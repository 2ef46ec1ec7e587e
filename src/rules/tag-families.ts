// Which tags are of one kind? `product:1`, `product:2` and the template `product:{id}` are of the family `product:*`: what the map and the checks speak of.
//
// The rule: a UUID is `*`. Of what stands between other characters, digits are `*`, so are eight or more hexadecimal ones with a digit among them, and sixteen or
// more letters and digits with a digit among them (ULIDs, hashes, random ids). In a template, what stands in braces is `*`. Everything else is the family's name.

const UUID = /(?<![A-Za-z0-9])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![A-Za-z0-9])/gi;
const RUN = /[A-Za-z0-9]+/g;
const IDENTIFIER = /^(?:\d+|(?=.*\d)(?:[0-9a-f]{8,}|[A-Za-z0-9]{16,}))$/i;

export function familyOf(tag: string): string {
  return tag.replace(UUID, '*').replace(RUN, (run) => (IDENTIFIER.test(run) ? '*' : run));
}

export function familyOfTemplate(template: string): string {
  return familyOf(template.replace(/\{[^{}]*\}/g, '*'));
}

/** Whether a purge of every tag of `pattern` would name every tag of `family`, or this one tag: `*` is one character or more, but never a colon. */
export function covers(pattern: string, family: string): boolean {
  const [wanted, found] = [pattern.split(':'), family.split(':')];
  return wanted.length === found.length && wanted.every((segment, at) => matches(segment, found[at] ?? ''));
}

/** Going back to the last `*` only: no text makes it slow. */
function matches(pattern: string, text: string): boolean {
  let [at, from] = [0, 0];
  let star: number | undefined;
  let taken = 0;
  while (at < text.length) {
    if (pattern[from] === '*') {
      star = from++;
      taken = ++at;
    } else if (pattern[from] === text[at]) {
      from++;
      at++;
    } else if (star !== undefined) {
      from = star + 1;
      at = ++taken;
    } else return false;
  }
  return from === pattern.length;
}
