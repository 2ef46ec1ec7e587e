// A leak hunt: many clients of many scopes ask, write, leave and purge as a seed scripts it; every answer is judged. SECURITY §14, release bar 4.
// The script is the seed's; when the answers come is the machine's.
import { setTimeout as delay } from 'node:timers/promises';
import { fieldValue } from '../../src/http/fields.ts';
import { type Random, random } from '../history/random.ts';
import { type Address, get } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { type Got, KeepAlive } from '../support/keep-alive.ts';
import { CHANGING, configOf, type Page, PAGES, scopesIn, SESSIONS, sessionOf, TIERS } from './areas.ts';
import { type Asked, faultsOf } from './judge.ts';
import { HuntOrigin } from './origin.ts';
import { purgeRequest, tagPurge } from './purges.ts';
import { Roles } from './roles.ts';

export interface Script {
  readonly seed: number;
  readonly requests: number;
  readonly progress?: (asked: number, crossings: number) => void;
}

export interface Tally {
  asked: number;
  answers: number;
  hits: number;
  collapsed: number;
  stale: number;
  left: number;
  cut: number;
  purges: number;
  /** What the origin was asked. */
  forwarded: number;
  readonly faults: string[];
}

const CLIENTS = 96;
/** A purge for so many requests. */
const REQUESTS_A_PURGE = 60;
/** A change of a session's tier. */
const REQUESTS_A_CHANGE = 80;
/** Enough to say what is wrong. */
const ENOUGH_FAULTS = 20;
const TOKEN = 'token';
/** Half of the requests are for one page at a time, so that they meet. */
const HOT_SHARE = 0.5;
const HOT_FOR_REQUESTS = 300;
const LONGEST_PATIENCE_MS = 6;
const KINDS = [
  ...Array<'get'>(20).fill('get'),
  'head',
  'conditional',
  'conditional',
  'range',
  'range',
  'if-range',
  'write',
  'leave',
  'leave',
  'pair',
] as const;
const LANGUAGES = ['en', 'de', 'fr', '-'];
const FLAVOURS = ['sweet', 'sour', '-'];

export async function hunt(script: Script): Promise<Tally> {
  const roles = new Roles(SESSIONS);
  await using origin = await HuntOrigin.start(script.seed, roles);
  await using freshet = await RunningFreshet.start(configOf(origin.url, TOKEN));
  const run = new Hunt(script, { roles, listen: freshet.address, admin: freshet.adminAddress });
  const clients = Array.from({ length: CLIENTS }, (_, i) => run.client(random(script.seed * 1000 + i)));
  await Promise.all(clients);
  run.tally.forwarded = origin.requests;
  await run.lookBehind();
  return run.tally;
}

class Hunt {
  readonly tally: Tally = { asked: 0, answers: 0, hits: 0, collapsed: 0, stale: 0, left: 0, cut: 0, purges: 0, forwarded: 0, faults: [] };
  readonly #script: Script;
  readonly #roles: Roles;
  readonly #listen: Address;
  readonly #admin: Address;
  /** Entity-tags seen, whoever saw them: for conditions of one's own and of others. */
  readonly #seen = new Map<string, string>();

  constructor(script: Script, { roles, listen, admin }: { readonly roles: Roles; readonly listen: Address; readonly admin: Address }) {
    this.#script = script;
    this.#roles = roles;
    this.#listen = listen;
    this.#admin = admin;
  }

  async client(decide: Random): Promise<void> {
    let connection = await KeepAlive.connect(this.#listen);
    while (this.tally.asked < this.#script.requests && this.tally.faults.length < ENOUGH_FAULTS) {
      if (connection.closed) connection = await KeepAlive.connect(this.#listen);
      if (decide.chance(1 / REQUESTS_A_PURGE)) await this.#purge(connection, decide);
      else if (decide.chance(1 / REQUESTS_A_CHANGE)) await this.#changeTier(connection, decide);
      else await this.#act(connection, decide);
      if (connection.surplus > 0) this.#fault(`${connection.surplus} bytes that answer no request`);
    }
    connection.destroy();
  }

  /** What met behind the first wall was not answered with; that it met is a fault all the same. */
  async lookBehind(): Promise<void> {
    const page = await get(this.#admin, '/metrics', { fields: ['authorization', `Bearer ${TOKEN}`] });
    if (page.status !== 200) this.#fault(`/metrics says ${page.status}`);
    for (const line of page.body.match(/^freshet_scope_mismatches_total\{.*$/gm) ?? []) this.#fault(line);
  }

  async #act(connection: KeepAlive, decide: Random): Promise<void> {
    const kind = decide.pick(KINDS);
    const asking = this.#ask(connection, decide, kind);
    if (kind === 'pair') await Promise.all([asking, this.#ask(connection, decide, 'get')]);
    if (kind === 'leave') {
      await Promise.race([asking, delay(decide.next() * LONGEST_PATIENCE_MS)]);
      this.tally.left++;
      connection.destroy();
    }
    await asking;
  }

  async #ask(connection: KeepAlive, decide: Random, kind: (typeof KINDS)[number]): Promise<void> {
    const { page, asked, bytes } = this.#request(decide, kind);
    const session = sessionOf(asked.identity.cookies ?? []) ?? '';
    const mark = this.#roles.mark(session);
    this.#count();
    const got = await connection.ask(asked.method, bytes);
    if (connection.wasSilent) this.#fault(`SILENCE after ${got?.body.length ?? 'no'} bytes; asked ${JSON.stringify(asked)}`);
    if (got === undefined) this.tally.cut++;
    else this.#judge({ ...asked, scopes: scopesIn(page.area, asked.identity, this.#roles.tiersSince(session, mark)) }, got);
  }

  #request(decide: Random, kind: (typeof KINDS)[number]): { page: Page; asked: Omit<Asked, 'scopes'>; bytes: string } {
    const hot = decide.chance(HOT_SHARE);
    const page = (hot ? PAGES[(Math.floor(this.tally.asked / HOT_FOR_REQUESTS) * 7) % PAGES.length] : undefined) ?? decide.pick(PAGES);
    const identity = decide.pick(page.area.identities);
    const method: Asked['method'] = kind === 'write' ? decide.pick(['PUT', 'POST'] as const) : kind === 'head' ? 'HEAD' : 'GET';
    const axes = { 'accept-language': decide.pick(LANGUAGES), 'x-flavour': decide.pick(FLAVOURS) };
    const query = queryOf(decide, { sorted: page.kind === 'sorted', asked: !hot && decide.chance(0.2) });
    const id = `${this.tally.asked}`;
    const body = method === 'GET' || method === 'HEAD' ? undefined : `${id} `.repeat(1 + decide.below(2000));
    const lines = [`${method} ${page.path}${query.sent} HTTP/1.1`, 'host: shop.example', `x-request: ${id}`];
    for (const [name, value] of Object.entries(axes)) if (value !== '-') lines.push(`${name}: ${value}`);
    if (identity.authorization !== undefined) lines.push(`authorization: ${identity.authorization}`);
    if (identity.cookies !== undefined) lines.push(`cookie: ${identity.cookies.join('; ')}`);
    if (body !== undefined) lines.push(`content-length: ${body.length}`);
    const key = page.path + query.keyed;
    lines.push(...this.#conditions(decide, kind, key));
    const asked = {
      method,
      key,
      identity,
      axes,
      id,
      ...(body === undefined ? {} : { body }),
    };
    return { page, asked, bytes: `${lines.join('\r\n')}\r\n\r\n${body ?? ''}` };
  }

  /** Somebody's validator, perhaps not one's own. */
  #conditions(decide: Random, kind: (typeof KINDS)[number], key: string): string[] {
    const entityTag = this.#seen.get(key);
    const lines: string[] = [];
    if (kind === 'conditional' && entityTag !== undefined) lines.push(`if-none-match: ${entityTag}`);
    if (kind === 'range' || kind === 'if-range') lines.push(`range: bytes=${decide.pick(['0-9', '10-99', '50-150', '0-149', '100-'])}`);
    if (kind === 'if-range' && entityTag !== undefined) lines.push(`if-range: ${entityTag}`);
    return lines;
  }

  #judge(asked: Asked, got: Got): void {
    this.tally.answers++;
    const status = fieldValue(got.fields, 'cache-status') ?? '';
    if (status.startsWith('freshet; hit')) this.tally.hits++;
    if (status.includes('collapsed')) this.tally.collapsed++;
    if (status.includes('stale-')) this.tally.stale++;
    if (!got.whole) this.tally.cut++;
    for (const fault of faultsOf(asked, got))
      this.#fault(`${fault}; asked ${JSON.stringify({ ...asked, body: asked.body?.length })}; answered ${got.status}, ${status}`);
    const entityTag = fieldValue(got.fields, 'etag');
    if (entityTag !== undefined) this.#seen.set(asked.key, entityTag);
  }

  /** As an application does it: the data, then the purge, and whoever asked for it is told when that is confirmed. */
  async #changeTier(connection: KeepAlive, decide: Random): Promise<void> {
    const session = decide.pick(CHANGING);
    const confirmed = this.#roles.change(session, TIERS);
    const got = await connection.ask('PURGE', tagPurge(`user:${session}`, TOKEN).bytes);
    if (got?.status === 200) confirmed();
    else if (got !== undefined) this.#fault(`a purge was answered ${got.status}: ${got.body.toString()}`);
    this.tally.purges++;
  }

  async #purge(connection: KeepAlive, decide: Random): Promise<void> {
    const purge = purgeRequest(decide, TOKEN);
    if (!purge.toAdmin) {
      const got = await connection.ask('PURGE', purge.bytes);
      if (got?.status !== 200 && got !== undefined) this.#fault(`a purge was answered ${got.status}: ${got.body.toString()}`);
    } else {
      const admin = await KeepAlive.connect(this.#admin);
      const got = await admin.ask('POST', purge.bytes);
      // Purges of everything have a rate of their own.
      if (got?.status !== 200 && got?.status !== 429) this.#fault(`a purge was answered ${got?.status}: ${got?.body.toString()}`);
      admin.destroy();
    }
    this.tally.purges++;
  }

  #count(): void {
    this.tally.asked++;
    this.#script.progress?.(this.tally.asked, this.tally.faults.length);
  }

  #fault(text: string): void {
    this.tally.faults.push(text);
  }
}

/** As it is sent and as it is keyed: `sorted` pages drop what begins with utm_ and sort the rest. */
function queryOf(decide: Random, { sorted, asked }: { sorted: boolean; asked: boolean }): { sent: string; keyed: string } {
  if (!asked) return { sent: '', keyed: '' };
  const page = `page=${decide.below(3)}`;
  const sort = `sort=${decide.pick(['up', 'down'])}`;
  if (!sorted) return { sent: `?${sort}&${page}`, keyed: `?${sort}&${page}` };
  const sent = decide.chance(0.5) ? [sort, `utm_source=${decide.below(100)}`, page] : [page, sort];
  return { sent: `?${sent.join('&')}`, keyed: `?${page}&${sort}` };
}
