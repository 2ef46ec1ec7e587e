// JSON of a token, read in the one way that leaves no room for two: a member named twice is refused (RFC 7519 §4, SECURITY §5), as two parsers would take
// different ones. Members are read as own properties, so that `__proto__` is a name like any other.

export type JsonObject = Readonly<Record<string, unknown>>;

/** The object that `text` is; undefined for anything else, and where any object in it has a member twice. */
export function parseStrictObject(text: string): JsonObject | undefined {
  const value = parse(text);
  if (!isJsonObject(value) || repeatsMember(text)) return undefined;
  return value;
}

/** The own member `name`; undefined where there is none. */
export function memberOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Strings, whether they are names, and what opens and closes objects and arrays: all that is needed of text that is valid JSON. */
const STRUCTURE = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/gs;

function repeatsMember(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (const [token, inside, colon] of text.matchAll(STRUCTURE)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined && inside !== undefined) {
      const names = open.at(-1);
      const name = String(parse(`"${inside}"`));
      if (names?.has(name) === true) return true;
      names?.add(name);
    }
  }
  return false;
}
