// Header fields as every part of Freshet passes them on: flat, in order, names in lower case (RFC 9110 §5.1: they are case-insensitive).

/** `[name, value, name, value, …]`. Names are lower case; values are latin1 text without surrounding white space; repeated fields stay separate. */
export type Fields = readonly string[];

/** The field lines called `name` (lower case), in order. */
export function fieldLines(fields: Fields, name: string): string[] {
  const lines: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) lines.push(fields[i + 1] as string);
  }
  return lines;
}

/** The combined value of `name`: its lines joined by `, ` (RFC 9110 §5.2), or undefined where there is none. */
export function fieldValue(fields: Fields, name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    const line = fields[i + 1] as string;
    value = value === undefined ? line : `${value}, ${line}`;
  }
  return value;
}

/** Whether there is a field called `name` (lower case). */
export function hasField(fields: Fields, name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return true;
  return false;
}

/** A copy without the fields whose name is in `names`. */
export function withoutFields(fields: Fields, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!names.has(name)) kept.push(name, fields[i + 1] as string);
  }
  return kept;
}

/** A copy in which `name` stands once, with `value`, in the place of its first line (or last, where there was none). */
export function withField(fields: Fields, name: string, value: string): string[] {
  const out: string[] = [];
  let placed = false;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) {
      out.push(fields[i] as string, fields[i + 1] as string);
    } else if (!placed) {
      out.push(name, value);
      placed = true;
    }
  }
  if (!placed) out.push(name, value);
  return out;
}

/** `name` as an origin of the CGI family reads it, to whom `_` and `-` are one. */
export function readByCgi(name: string): string {
  return name.includes('_') ? name.replaceAll('_', '-') : name;
}

/** The same fields from raw pairs as a parser hands them over: names lowered, values trimmed of OWS. */
export function fieldsFromRaw(raw: readonly string[]): string[] {
  return raw.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : trimWhitespace(text)));
}

/** `text` without leading and trailing spaces and tabs (RFC 9110 §5.6.3 OWS; `trim` would take more). */
export function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The members of a comma-separated list (RFC 9110 §5.6.1): quoted strings are kept whole, empty members dropped, each trimmed. */
export function listMembers(value: string): string[] {
  const members: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i <= value.length; i++) {
    const char = value[i];
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') {
      quoted = true;
    }
    if (i >= value.length || (char === ',' && !quoted)) {
      const member = trimWhitespace(value.slice(start, i));
      if (member !== '') members.push(member);
      start = i + 1;
    }
  }
  return members;
}

/** Field lines as HTTP/1.1 writes them, each with its CRLF. */
export function linesOf(fields: Fields): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
}

/** What `linesOf` was made of; no name has a colon and no value a line break. */
export function fieldsOf(lines: string): string[] {
  const fields: string[] = [];
  for (let start = 0; start < lines.length; ) {
    const colon = lines.indexOf(': ', start);
    const end = lines.indexOf('\r\n', colon);
    fields.push(lines.slice(start, colon), lines.slice(colon + 2, end));
    start = end + 2;
  }
  return fields;
}

/** `fieldValue` of what `linesOf` has made `lines` of. */
export function valueIn(lines: string, name: string): string | undefined {
  const start = `${name}: `;
  let value: string | undefined;
  for (let at = lines.indexOf(start); at !== -1; at = lines.indexOf(start, at + start.length)) {
    if (at > 0 && lines[at - 1] !== '\n') continue;
    const line = lines.slice(at + start.length, lines.indexOf('\r\n', at));
    value = value === undefined ? line : `${value}, ${line}`;
  }
  return value;
}

/** `linesOf` what `withoutFields` would leave. */
export function withoutLines(lines: string, names: ReadonlySet<string>): string {
  let kept = '';
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf('\r\n', start) + 2;
    if (!names.has(lines.slice(start, lines.indexOf(':', start)))) kept += lines.slice(start, end);
    start = end;
  }
  return kept;
}
