// Which members of a JSON document are meant? The part of RFC 9535 that names places: `$.name`, `$['name']`, `$[0]`, and `*` for any of either.

/** One step down: into a member, an item, or any of them. */
export type JsonStep =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'any' };

export interface JsonPath {
  /** As written. */
  readonly source: string;
  /** At least one. */
  readonly steps: readonly JsonStep[];
}

export const JSON_PATH_ALLOWED = "a path into JSON: $ and then .name, ['name'], [0], .* or [*] ($.generated_at, $.items[*].seen_at)";

const STEP = /\.(?<dotted>[\p{L}_][\p{L}\p{N}_-]*)|(?<any>\.\*|\[\*\])|\[(?<index>\d{1,9})\]|\[(?:'(?<single>[^'\\]+)'|"(?<double>[^"\\]+)")\]/uy;

/** Undefined where `text` is no such path, or names the whole. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$') || text.length > 1_000) return undefined;
  const steps: JsonStep[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const groups = STEP.exec(text)?.groups;
    if (groups === undefined) return undefined;
    steps.push(stepOf(groups));
  }
  return steps.length === 0 ? undefined : { source: text, steps };
}

function stepOf({ any, index, dotted, single, double }: Readonly<Record<string, string | undefined>>): JsonStep {
  if (any !== undefined) return { kind: 'any' };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  return { kind: 'name', name: dotted ?? single ?? double ?? '' };
}
