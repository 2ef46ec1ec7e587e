// A leak hunt: many clients of many scopes ask, write, leave and purge as a seed scripts it; every answer is judged. SECURITY §14, release bar 4.
// The script is the seed's; when the answers come is the machine's.
import { setTimeout as delay } from 'node:timers/promises';
import { fieldValue } from '../../src/http/fields.ts';
import { COOLDOWN_MS } from '../../src/identity/remote-keys.ts';
import { type Random, random } from '../history/random.ts';
import { type Address, get } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { type Got, KeepAlive } from '../support/keep-alive.ts';
import { CHANGING, configOf, type Identity, scopesIn, SESSIONS, sessionOf, TIERS, TELLING_PATH, TOLD, TOLD_PAGE, TRUSTED_ADDRESS } from './areas.ts';
import { HuntClock } from './clock.ts';
import { type Asked, faultsOf } from './judge.ts';
import { Keys } from './keys.ts';
import { HuntOrigin } from './origin.ts';
import { purgeRequest, tagPurge } from './purges.ts';
import { choose, type Chosen, type Kind, KINDS, plainly, requestFor } from './requests.ts';
import { Roles } from './roles.ts';

export interface Script {
  readonly seed: number;
  readonly requests: number;
  /** Threads; with several, nothing happens that one of them learns by itself. */
  readonly workers: number;
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
  /** Of tiers, without a purge. */
  changes: number;
  /** Of the key that an issuer signs with. */
  rotations: number;
  /** What the origin was asked. */
  forwarded: number;
  readonly faults: string[];
}

const CLIENTS = 96;
/** A purge for so many requests. */
const REQUESTS_A_PURGE = 60;
/** A change of a session's tier. */
const REQUESTS_A_CHANGE = 80;
/** Another such change, of which only answers of the origin tell. */
const REQUESTS_A_WORD = 80;
const REQUESTS_A_ROTATION = 600;
/** Enough to say what is wrong. */
const ENOUGH_FAULTS = 20;
const TOKEN = 'token';
const LONGEST_PATIENCE_MS = 6;

export async function hunt(script: Script): Promise<Tally> {
  const { seed, workers } = script;
  const roles = new Roles(SESSIONS);
  const keys = new Keys();
  const clock = new HuntClock();
  await using origin = await HuntOrigin.start(seed, { roles, keys });
  const config = configOf(origin.url, { token: TOKEN, workers });
  await using freshet = await RunningFreshet.start(config, workers === 1 ? { clock } : {});
  const run = new Hunt(script, { roles, keys, clock, origin, freshet });
  const clients = Array.from({ length: CLIENTS }, (_, i) => run.client(random(seed * 1000 + i), i % 2 === 0 ? undefined : TRUSTED_ADDRESS));
  await Promise.all(clients);
  run.tally.forwarded = origin.requests;
  await run.lookBehind();
  return run.tally;
}

interface World {
  readonly roles: Roles;
  readonly keys: Keys;
  readonly clock: HuntClock;
  readonly origin: HuntOrigin;
  readonly freshet: RunningFreshet;
}

interface Client {
  readonly connection: KeepAlive;
  /** Its address is that of a proxy in front. */
  readonly isTrusted: boolean;
}

class Hunt {
  readonly tally: Tally = {
    asked: 0,
    answers: 0,
    hits: 0,
    collapsed: 0,
    stale: 0,
    left: 0,
    cut: 0,
    purges: 0,
    changes: 0,
    rotations: 0,
    forwarded: 0,
    faults: [],
  };
  readonly #script: Script;
  readonly #roles: Roles;
  readonly #keys: Keys;
  readonly #clock: HuntClock;
  readonly #origin: HuntOrigin;
  readonly #listen: Address;
  readonly #admin: Address;
  /** Entity-tags seen, whoever saw them: for conditions of one's own and of others. */
  readonly #seen = new Map<string, string>();

  constructor(script: Script, { roles, keys, clock, origin, freshet }: World) {
    this.#script = script;
    this.#roles = roles;
    this.#keys = keys;
    this.#clock = clock;
    this.#origin = origin;
    this.#listen = freshet.address;
    this.#admin = freshet.adminAddress;
  }

  async client(decide: Random, localAddress: string | undefined): Promise<void> {
    const from = localAddress === undefined ? {} : { localAddress };
    const isTrusted = localAddress === TRUSTED_ADDRESS;
    const connect = async (): Promise<Client> => ({ connection: await KeepAlive.connect(this.#listen, from), isTrusted });
    let client = await connect();
    while (this.tally.asked < this.#script.requests && this.tally.faults.length < ENOUGH_FAULTS) {
      if (client.connection.closed) client = await connect();
      if (decide.chance(1 / REQUESTS_A_PURGE)) await this.#purge(client.connection, decide);
      else if (decide.chance(1 / REQUESTS_A_CHANGE)) await this.#changeTier(client.connection, decide);
      else if (this.#isAlone && decide.chance(1 / REQUESTS_A_WORD)) await this.#changeTierByWord(client, decide);
      else if (this.#isAlone && decide.chance(1 / REQUESTS_A_ROTATION)) await this.#rotate(client.connection);
      else await this.#act(client, decide);
      if (client.connection.surplus > 0) this.#fault(`${client.connection.surplus} bytes that answer no request`);
    }
    client.connection.destroy();
  }

  /** What met behind the first wall was not answered with; that it met is a fault all the same. */
  async lookBehind(): Promise<void> {
    const page = await get(this.#admin, '/metrics', { fields: ['authorization', `Bearer ${TOKEN}`] });
    if (page.status !== 200) this.#fault(`/metrics says ${page.status}`);
    for (const line of page.body.match(/^freshet_scope_mismatches_total\{.* [^0].*$/gm) ?? []) this.#fault(line);
  }

  /** What one thread learns by itself the others do not know. */
  get #isAlone(): boolean {
    return this.#script.workers === 1;
  }

  async #act(client: Client, decide: Random): Promise<void> {
    const kind = decide.pick(KINDS);
    const asking = this.#ask(client, { decide, kind });
    if (kind === 'pair') await Promise.all([asking, this.#ask(client, { decide, kind: 'get' })]);
    if (kind === 'leave') {
      await Promise.race([asking, delay(decide.next() * LONGEST_PATIENCE_MS)]);
      this.tally.left++;
      client.connection.destroy();
    }
    await asking;
  }

  async #ask(
    { connection, isTrusted }: Client,
    { decide, kind, of = choose(decide, this.tally.asked) }: { readonly decide: Random; readonly kind: Kind; readonly of?: Chosen },
  ): Promise<void> {
    const { page, query } = of;
    const chosen = { ...of, identity: this.#signed(of.identity) };
    const { asked, bytes } = requestFor(chosen, {
      decide,
      kind,
      isTrusted,
      id: `${this.tally.asked}`,
      seen: this.#seen.get(page.path + query.keyed),
    });
    const scopes = this.#scopesFrom(asked);
    this.#count();
    const got = await connection.ask(asked.method, bytes);
    if (connection.wasSilent) this.#fault(`SILENCE after ${got?.body.length ?? 'no'} bytes; asked ${asked.method} ${asked.key}`);
    if (got === undefined) {
      this.tally.cut++;
      return;
    }
    this.#judge({ ...asked, scopes: scopes() }, got);
    // Whoever posts reads the page next, before others have posted to it too.
    if (asked.method === 'POST' && asked.area.posts === true && !connection.closed)
      await this.#ask({ connection, isTrusted }, { decide, kind: 'get', of });
  }

  /** Those that the answer to a request that begins now may have, when it is there. */
  #scopesFrom({ area, identity }: Omit<Asked, 'scopes'>): () => readonly string[] {
    if (area.rotating === true) {
      const oldest = this.#keys.mark();
      return () => this.#keys.scopesSince(identity.authorization ?? '', oldest);
    }
    const session = sessionOf(identity.cookies ?? []) ?? '';
    const mark = this.#roles.mark(session);
    return () => scopesIn(area, identity, this.#roles.tiersSince(session, mark));
  }

  #signed(identity: Identity): Identity {
    const { signer, as = '' } = identity;
    return signer === undefined ? identity : { authorization: this.#keys.bearer(signer, as) };
  }

  #judge(asked: Asked, got: Got): void {
    this.tally.answers++;
    const status = fieldValue(got.fields, 'cache-status') ?? '';
    if (status.startsWith('freshet; hit')) this.tally.hits++;
    if (status.includes('collapsed')) this.tally.collapsed++;
    if (status.includes('stale-')) this.tally.stale++;
    if (!got.whole) this.tally.cut++;
    for (const fault of faultsOf(asked, got))
      this.#fault(
        `${fault}; asked ${JSON.stringify({ ...asked, area: asked.area.folder, body: asked.body?.length })}; answered ${got.status}, ${status}`,
      );
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

  /** Nothing is purged: what the origin answers says which tier it is now. Twice, so that no older word of the origin's is still to be read behind it. */
  async #changeTierByWord(client: Client, decide: Random): Promise<void> {
    const session = decide.pick(TOLD);
    const asking = { decide, kind: 'get', of: plainly(TOLD_PAGE, { cookies: [`session=${session}`] }) } as const;
    await this.#ask(client, asking);
    const known = this.#roles.change(session, TIERS);
    await this.#origin.saidScopes();
    const bytes = `PUT ${TELLING_PATH} HTTP/1.1\r\nhost: shop.example\r\ncookie: session=${session}\r\ncontent-length: 0\r\n\r\n`;
    const answers = [await client.connection.ask('PUT', bytes), await client.connection.ask('PUT', bytes)];
    if (answers.every((got) => got?.status === 200)) known();
    await this.#ask(client, asking);
    this.tally.changes++;
  }

  /** A token of the new key has the keys fetched. */
  async #rotate(connection: KeepAlive): Promise<void> {
    const known = this.#keys.rotate();
    this.#clock.advance(COOLDOWN_MS);
    const authorization = this.#keys.bearer('current', 't1');
    const got = await connection.ask('GET', `GET /rotating/plain-0 HTTP/1.1\r\nhost: shop.example\r\nauthorization: ${authorization}\r\n\r\n`);
    const isVerified = got !== undefined && !(fieldValue(got.fields, 'cache-status') ?? 'detail=token').includes('detail=token');
    if (isVerified) known();
    this.tally.rotations++;
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
