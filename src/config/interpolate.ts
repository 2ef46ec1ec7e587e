// `${NAME}` and `${NAME:-default}` in one scalar of the configuration: applied after parsing, so that a value cannot become YAML.

export type Environment = Readonly<Record<string, string | undefined>>;

export type Interpolated = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'refuse'; readonly message: string };

/** A variable that is not set, or empty, takes its default; without one it is an error (an empty secret must never pass unnoticed). */
export function interpolate(text: string, env: Environment): Interpolated {
  let refusal: string | undefined;
  const replaced = text.replaceAll(/\$\{([^}]*)(\}?)/g, (_, inside: string, end: string) => {
    const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside) ?? [];
    if (name === undefined || end === '') {
      refusal ??= 'found a malformed variable; allowed: ${NAME} or ${NAME:-default}';
      return '';
    }
    const value = (Object.hasOwn(env, name) ? env[name] : undefined) || fallback;
    if (value === undefined) refusal ??= `the environment variable ${name} is not set or empty; set it, or give a default: \${${name}:-default}`;
    return value ?? '';
  });
  return refusal === undefined ? { kind: 'text', text: replaced } : { kind: 'refuse', message: refusal };
}
