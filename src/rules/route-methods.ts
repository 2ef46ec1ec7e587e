// What the methods that a route takes say of it: may one of its requests be a write, and may any of its answers be stored?

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** `methods`: undefined: all. */
export function takesWrites(methods: Iterable<string> | undefined): boolean {
  return methods === undefined || [...methods].some((method) => !SAFE.has(method));
}

export function takesStorable(
  methods: Iterable<string> | undefined,
  { pass, storePost }: { readonly pass: boolean; readonly storePost: boolean },
): boolean {
  return !pass && (methods === undefined || [...methods].some((method) => method === 'GET' || (method === 'POST' && storePost)));
}
