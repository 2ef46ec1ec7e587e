// The configuration in force, fit to be shown: `GET /v1/config`. Secrets are replaced, sets and maps made plain.
import { withoutQuery } from '../http/reference.ts';
import type { Config } from './config.ts';

const MASK = '***';
const SECRET_KEYS = new Set(['token', 'secret', 'password']);

/** Plain JSON data with the keys of Config. Tokens, and the userinfo and queries of URLs, are masked; a certificate is only said to be there. */
export function maskedConfig(config: Config): unknown {
  return masked(config, '');
}

function masked(value: unknown, key: string): unknown {
  if (SECRET_KEYS.has(key)) return MASK;
  if (typeof value === 'string' && key === 'jwks') return `${value.length} characters of JSON`;
  if (typeof value === 'string') return key === 'ca' ? `${value.length} characters of PEM` : maskedText(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, masked(item, String(name))]));
  if (value instanceof Set || Array.isArray(value)) return [...value].map((item) => masked(item, ''));
  if (typeof value !== 'object' || value === null) return value;
  if (key === 'pattern' && 'source' in value) return value.source;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item, name)]));
}

function maskedText(text: string): string {
  return /^(?:https?|rediss?|postgres(?:ql)?):\/\//.test(text) ? withoutQuery(text.replace(/\/\/[^/]*@/, `//${MASK}@`)) : text;
}
