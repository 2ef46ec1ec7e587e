// One write and its purge: sent, answered, and what is known of the value from then on.
import type { Called, Caller } from './caller.ts';
import { type Part, namesOf } from './casting.ts';
import type { Plan, Write } from './plan.ts';
import type { Register } from './register.ts';
import { fill, type Names } from './template.ts';

export interface Written {
  /** confirmed: acknowledged, and purged where the plan purges; refused: not written; uncertain: written or not, or not purged; lost: it may still happen. */
  readonly kind: 'confirmed' | 'refused' | 'uncertain' | 'lost' | 'exhausted';
  /** What was answered, where it was not confirmed. */
  readonly called?: Called;
}

export class Writing {
  readonly #plan: Plan;
  readonly #caller: Caller;
  readonly #now: () => number;

  constructor(plan: Plan, caller: Caller, now: () => number) {
    this.#plan = plan;
    this.#caller = caller;
    this.#now = now;
  }

  /** The register's next version. Nobody else writes it meanwhile. */
  async next({ resource, coin }: Part, register: Register): Promise<Written> {
    const value = coin.strike(register, register.issued + 1);
    if (value === undefined) return { kind: 'exhausted' };
    const version = register.issue();
    const sentAt = this.#now();
    const { written, boundMs } = await this.#send(resource.write, register, value);
    if (written.kind === 'confirmed') register.acknowledge(version, this.#now() + boundMs);
    if (written.kind === 'lost') register.lose(sentAt);
    return written;
  }

  /** A value that is none of ours, with its purge. */
  async back({ resource }: Part, register: Register, value: unknown): Promise<Written> {
    const sentAt = this.#now();
    const { written } = await this.#send(resource.write, register, value);
    if (written.kind === 'lost') register.lose(sentAt);
    return written;
  }

  async #send(write: Write, register: Register, value: unknown): Promise<{ readonly written: Written; readonly boundMs: number }> {
    const [user] = register.users;
    const names = { ...namesOf(register, user), value: String(value) };
    const base = (write.via === 'origin' ? this.#plan.origin : undefined) ?? this.#plan.freshet;
    const content = bodyOf(write.body, names, value);
    const called = await this.#caller.call({
      url: `${base}${fill(write.url, names, encodeURIComponent)}`,
      method: write.method,
      headers: { ...content.headers, ...(write.as ?? user).headers, ...write.headers },
      ...(content.text !== undefined && { body: content.text }),
    });
    const kind = kindOf(called);
    if (kind !== 'confirmed' || write.purge.length === 0) return { written: { kind, called }, boundMs: 0 };
    return await this.#purge(write.purge.map((tag) => fill(tag, names)));
  }

  async #purge(tags: readonly string[]): Promise<{ readonly written: Written; readonly boundMs: number }> {
    const { url = '', token } = this.#plan.purge ?? {};
    const headers = { ...(token !== undefined && token !== '' && { authorization: `Bearer ${token}` }) };
    const call = url.endsWith('/v1/purge')
      ? { url, method: 'POST', headers, body: JSON.stringify({ tags, reason: 'validate' }) }
      : { url, method: 'PURGE', headers: { ...headers, 'surrogate-key': tags.join(' ') } };
    const called = await this.#caller.call(call);
    const boundMs = called.kind === 'answer' ? boundOf(called.answer) : undefined;
    return { written: { kind: boundMs === undefined ? 'uncertain' : 'confirmed', called }, boundMs: boundMs ?? 0 };
  }
}

/** An answer of the API's own says that it is over; 502 and 504 come from whoever stands before it and gave up. */
function kindOf(called: Called): Written['kind'] {
  if (called.kind === 'none') return 'lost';
  const { status, fields } = called.answer;
  if (status === 502 || status === 504) return 'lost';
  if (status >= 500) return 'uncertain';
  if (status >= 300) return 'refused';
  return fields['cache-status']?.includes('purge-unconfirmed') === true ? 'uncertain' : 'confirmed';
}

/** From when on it holds; undefined where nobody says so. */
function boundOf({ status, body }: { readonly status: number; readonly body: string }): number | undefined {
  if (status === 200) return body.includes('"confirmed"') ? 0 : undefined;
  const bound = status === 202 ? /"bound_ms":\s*(\d+)/.exec(body)?.[1] : undefined;
  return bound === undefined ? undefined : Number(bound);
}

/** Texts are templates; one that is `{value}` alone becomes the value itself, so that a number stays one. */
function bodyOf(body: unknown, names: Names, value: unknown): { readonly text: string | undefined; readonly headers: Names } {
  if (body === undefined) return { text: undefined, headers: {} };
  if (typeof body === 'string') return { text: fill(body, names), headers: {} };
  return { text: JSON.stringify(filled(body, names, value)), headers: { 'content-type': 'application/json' } };
}

function filled(body: unknown, names: Names, value: unknown): unknown {
  if (body === '{value}') return value;
  if (typeof body === 'string') return fill(body, names);
  if (Array.isArray(body)) return body.map((member) => filled(member, names, value));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([name, member]) => [name, filled(member, names, value)]));
}

/** Whether writing what was read before puts it back: the write replaces, and the value is all of what is written in its place. */
export function mayPutBack({ method, body }: Write): boolean {
  return ['PUT', 'PATCH'].includes(method) && typeof body === 'object' && JSON.stringify(body).includes('"{value}"');
}
