/** Whether a rule that is `on` this is for events of the type: `order.updated`, `order.*` (whatever begins with `order.`), or `*`. */
export function isOn(type: string, on: string): boolean {
  return on === '*' || on === type || (on.endsWith('.*') && type.length > on.length - 1 && type.startsWith(on.slice(0, -1)));
}
