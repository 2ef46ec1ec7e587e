// What a client would rather have: the preferences of RFC 7240 that Freshet knows.
import { type Fields, fieldLines, listMembers } from '../http/fields.ts';

export interface Preferences {
  readonly respondAsync: boolean;
  /** Seconds. */
  readonly wait: number | undefined;
}

/** The first of each name counts; what cannot be read is no preference (RFC 7240 §2). */
export function preferencesOf(fields: Fields): Preferences {
  const stated = new Map<string, string>();
  for (const preference of fieldLines(fields, 'prefer').flatMap(listMembers)) {
    const [, name = '', value = ''] = /^([^\s=;]+)[ \t]*(?:=[ \t]*("[^"]*"|[^\s;]*))?/.exec(preference) ?? [];
    if (!stated.has(name.toLowerCase())) stated.set(name.toLowerCase(), value.replaceAll('"', ''));
  }
  const wait = stated.get('wait');
  return { respondAsync: stated.get('respond-async') === '', wait: wait !== undefined && /^\d{1,9}$/.test(wait) ? Number(wait) : undefined };
}
