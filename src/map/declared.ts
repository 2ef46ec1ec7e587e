// What does the configuration say of tags: which routes emit which, and which writes, events and callers end them?
import type { Config } from '../config/config.ts';
import { takesStorable, takesWrites } from '../rules/route-methods.ts';
import type { Route } from '../rules/routes.ts';
import { familyOfTemplate } from '../rules/tag-families.ts';

export type EnderKind = 'write' | 'event' | 'caller';

/** Who ends a family, as the configuration says it. */
export interface DeclaredEnder {
  readonly kind: EnderKind;
  /** A route, types of events, a name of `purge.callers`. */
  readonly name: string;
  readonly template: string;
  readonly family: string;
}

export function declaredEnders({ routes, defaultRoute, events, purge }: Config): readonly DeclaredEnder[] {
  const writes = [...routes, defaultRoute].filter(mayWrite).flatMap(({ name, invalidates }) => named('write', name, invalidates));
  const rules = events.rules.flatMap(({ on, purge: templates }) =>
    named(
      'event',
      on.join(', '),
      templates.map(({ source }) => source),
    ),
  );
  const callers = [...purge.callers].flatMap(([name, families]) => named('caller', name, families));
  return [...writes, ...rules, ...callers];
}

/** Every family that it names, whoever emits or ends it. */
export function declaredFamilies(config: Config): readonly string[] {
  const emitted = [...config.routes, config.defaultRoute].flatMap(({ tags }) => tags.map(familyOfTemplate));
  return [...emitted, ...declaredEnders(config).map(({ family }) => family)];
}

export function mayWrite({ methods }: Pick<Route, 'methods'>): boolean {
  return takesWrites(methods);
}

export function mayStore({ methods, policy }: Pick<Route, 'methods' | 'policy'>): boolean {
  return takesStorable(methods, policy);
}

function named(kind: EnderKind, name: string, templates: readonly string[]): readonly DeclaredEnder[] {
  return templates.map((template) => ({ kind, name, template, family: familyOfTemplate(template) }));
}
