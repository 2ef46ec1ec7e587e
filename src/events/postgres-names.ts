// Names and texts as PostgreSQL's SQL takes them.

/** Of an identifier: PostgreSQL cuts a longer one without an error. */
export const MOST_NAME_BYTES = 63;

export function isIdentifier(name: string): boolean {
  return /^[^\p{Cc}]+$/u.test(name) && Buffer.byteLength(name) <= MOST_NAME_BYTES;
}

export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Whatever `standard_conforming_strings` says. */
export function quotedText(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}
