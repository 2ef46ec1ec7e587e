// The map for Graphviz: routes, families and who ends them, from left to right. Broken lines are what was only seen; red is what a finding is about.
import type { FindingKind } from './findings.ts';
import type { InvalidationMap } from './map.ts';

export function mapDot({ routes, families, findings }: InvalidationMap): string {
  const isFound = (of: ReadonlySet<FindingKind>, name: string): boolean => findings.some(({ kind, subject }) => of.has(kind) && subject === name);
  const colour = (of: ReadonlySet<FindingKind>, name: string): string => (isFound(of, name) ? ', color=red' : '');
  const emitting = routes.filter(({ emits }) => emits.length > 0);
  const enders = new Map(families.flatMap(({ endedBy }) => endedBy.map((ender) => [`${ender.kind} ${ender.name}`, ender.kind] as const)));
  const emits = emitting.flatMap(({ name, emits: emitted }) =>
    emitted.map(({ family, template, seen }) => {
      const label = seen === undefined ? '' : `label=${quoted(String(seen.tags))}, `;
      return `  ${quoted(`route ${name}`)} -> ${quoted(`family ${family}`)} [${label}style=${template === undefined ? 'dashed' : 'solid'}];`;
    }),
  );
  const ends = families.flatMap(({ family, endedBy }) =>
    endedBy.map(({ kind, name, template, seen }) => {
      const label = seen === undefined ? '' : `label=${quoted(`${seen.met}/${seen.purges}`)}, `;
      return `  ${quoted(`family ${family}`)} -> ${quoted(`${kind} ${name}`)} [dir=back, ${label}style=${template === undefined ? 'dashed' : 'solid'}];`;
    }),
  );
  return [
    'digraph invalidation {',
    '  rankdir=LR;',
    '  node [fontname="Helvetica"];',
    ...emitting.map(({ name }) => `  ${quoted(`route ${name}`)} [label=${quoted(name)}, shape=box${colour(OF_ROUTES, name)}];`),
    ...families.map(({ family }) => `  ${quoted(`family ${family}`)} [label=${quoted(family)}, shape=ellipse${colour(OF_FAMILIES, family)}];`),
    ...[...enders].map(([id, kind]) => `  ${quoted(id)} [label=${quoted(id)}, shape=${SHAPES[kind]}];`),
    ...emits,
    ...ends,
    '}',
  ].join('\n');
}

/** What a finding of the kind is about; those of events have no place here. */
const OF_ROUTES: ReadonlySet<FindingKind> = new Set(['untagged', 'ends-by-expiry', 'shared-by-credential', 'never-stored']);
const OF_FAMILIES: ReadonlySet<FindingKind> = new Set(['never-purged', 'met-nothing']);

const SHAPES = { write: 'cds', event: 'note', caller: 'house' } as const;

/** A string of the DOT language: a quote is escaped, and so is a backslash, which labels would read as one of their escapes. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
