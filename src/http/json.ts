// Text that should be JSON (RFC 8259).

const BYTE_ORDER_MARK = '\ufeff';

/** The value; undefined where the text is not JSON. A byte order mark in front is passed over (§8.1). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

/** A JSON object: neither an array nor null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
