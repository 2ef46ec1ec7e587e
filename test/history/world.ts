// The origin double of a history: registers with versions, pages composed of them, tags that are the registers, and answers that take their time.
import { setTimeout as delay } from 'node:timers/promises';
import type { Fields } from '../../src/http/fields.ts';
import { fieldValue } from '../../src/http/fields.ts';
import type { Gate, Reply, SeenRequest } from '../support/origin.ts';
import { bodyOf, entityTag, parseEntityTag, type Stated } from './page.ts';
import { type Random, random } from './random.ts';
import type { Instants, Write } from './record.ts';

const REGISTERS = Array.from({ length: 40 }, (_, i) => `r${i}`);
const SLOWEST_MS = 60;

export interface Page {
  readonly path: string;
  readonly registers: readonly string[];
  readonly scoped: boolean;
  readonly varies: boolean;
  /** Short-lived: it lives by its route's `ttl` and is validated after it. */
  readonly short: boolean;
  /** Its validator ignores all registers but the first: an origin's mistake that a hard purge must outlive. */
  readonly weak: boolean;
}

export class World {
  readonly pages: readonly Page[];
  readonly writes: Write[] = [];
  /** By the nonce of an answer: which of several nodes had asked for it. */
  readonly fetchedBy = new Map<number, string>();
  readonly #versions = new Map(REGISTERS.map((register) => [register, 0]));
  readonly #random: Random;
  readonly #instants: Instants;
  #isCalm = false;
  #nonce = 0;

  constructor(seed: number, instants: Instants) {
    const layout = random(seed);
    this.pages = Array.from({ length: 40 }, (_, i) => pageOf(i, layout));
    this.#random = random(seed + 1);
    this.#instants = instants;
  }

  get registers(): readonly string[] {
    return REGISTERS;
  }

  /** Writes the register; its version is committed when this returns. */
  commit(register: string): number {
    const version = this.version(register) + 1;
    this.#versions.set(register, version);
    this.writes.push({ register, version, committedAt: this.#instants.next() });
    return version;
  }

  version(register: string): number {
    return this.#versions.get(register) ?? 0;
  }

  /** From now on it fails no more. */
  calm(): void {
    this.#isCalm = true;
  }

  /** `node`: which of several asks. */
  async reply(request: SeenRequest, node?: string): Promise<Reply> {
    const register = request.path.replace('/registers/', '');
    if (request.method === 'PUT') return { body: String(this.commit(register)) };
    const page = this.pages.find(({ path }) => path === request.path);
    if (page === undefined) return { status: 404 };
    return this.#read(page, request, node);
  }

  /** Half of the answers have their head before their delay; of the others half read before it and half after it. */
  async #read(page: Page, request: SeenRequest, node: string | undefined): Promise<Reply> {
    const takes = delayOf(this.#random.next() * SLOWEST_MS);
    const when = this.#random.pick(['after-head', 'mid-body', 'before-head', 'before-read'] as const);
    const omitsTags = this.#random.chance(0.5);
    const fault = this.#isCalm ? 0.5 : this.#random.next();
    if (when === 'before-read') await takes.pass();
    if (fault < 0.01) return { status: 503, body: 'down' };

    const stated = this.#stateOf(page, request);
    if (node !== undefined) this.fetchedBy.set(stated.nonce, node);
    const barriers = when === 'before-read' ? {} : { [when]: takes };
    const condition = fieldValue(request.fields, 'if-none-match');
    const confirmed = condition === undefined ? undefined : parseEntityTag(condition);
    if (confirmed !== undefined && isUnchanged(page, confirmed, stated)) {
      const fields = [...this.#fields(page, confirmed), ...(omitsTags ? [] : tagsOf(page))];
      return { status: 304, fields, barriers: when === 'before-head' ? barriers : {} };
    }
    const cut = fault > 0.995 ? ({ fault: 'truncate' } as const) : {};
    return { ...partOf(request, bodyOf(stated), [...this.#fields(page, stated), ...tagsOf(page)]), barriers, ...cut };
  }

  #stateOf(page: Page, request: SeenRequest): Stated {
    const scope = page.scoped ? (fieldValue(request.fields, 'authorization') ?? 'anonymous').replace('Bearer ', '') : 'public';
    const variant = page.varies ? (fieldValue(request.fields, 'accept-language') ?? 'none') : 'any';
    const versions = new Map(page.registers.map((register) => [register, this.version(register)]));
    return { path: page.path, scope, variant, versions, nonce: ++this.#nonce };
  }

  #fields(page: Page, stated: Stated): Fields {
    return ['etag', entityTag(stated), ...(page.short ? [] : ['cache-control', 'max-age=60']), ...(page.varies ? ['vary', 'accept-language'] : [])];
  }
}

function pageOf(i: number, layout: Random): Page {
  const registers = new Set(Array.from({ length: 1 + layout.below(3) }, () => layout.pick(REGISTERS)));
  const kind = i % 5;
  const folder = kind === 0 ? 'me' : kind < 3 ? 'short' : 'pages';
  return { path: `/${folder}/${i}`, registers: [...registers], scoped: kind === 0, varies: i % 4 === 1, short: folder === 'short', weak: kind === 2 };
}

function tagsOf(page: Page): Fields {
  return ['surrogate-key', page.registers.join(' ')];
}

/** Ranges are honoured: `bytes=0-LAST` is all that is asked. */
function partOf(request: SeenRequest, body: string, fields: Fields): Pick<Reply, 'status' | 'fields' | 'body'> {
  const last = /^bytes=0-(\d+)$/.exec(fieldValue(request.fields, 'range') ?? '')?.[1];
  if (last === undefined) return { status: 200, fields, body };
  return { status: 206, fields: [...fields, 'content-range', `bytes 0-${last}/${body.length}`], body: body.slice(0, Number(last) + 1) };
}

function isUnchanged(page: Page, held: Stated, now: Stated): boolean {
  const counted = page.weak ? page.registers.slice(0, 1) : page.registers;
  return (
    held.scope === now.scope &&
    held.variant === now.variant &&
    counted.every((register) => held.versions.get(register) === now.versions.get(register))
  );
}

function delayOf(ms: number): Gate {
  return { pass: () => delay(ms) };
}
