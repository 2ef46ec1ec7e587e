// Writes and their purges: what was confirmed of them, or promised, and what nobody confirmed. A purge that was answered before its confirmation is
// followed by its id to its end: until then it is held to its bound (I9), from then on it is as good as any (I1). PURGE-PROTOCOL §4.8.
import type { Fields } from '../../src/http/fields.ts';
import { type Answer, get } from '../support/client.ts';
import type { Connection, Target } from './connection.ts';
import { TOKEN } from './reading.ts';
import type { Ack, Instants } from './record.ts';
import type { World } from './world.ts';

const AUTHORISED: Fields = ['authorization', `Bearer ${TOKEN}`];
/** The longest that may be asked for. */
const WAIT_SECONDS = 10;

interface SentPurge {
  /** By register: what was committed before it was sent. */
  readonly versions: ReadonlyMap<string, number>;
  readonly sentAt: number;
  readonly isSoft: boolean;
}

export class Writing {
  readonly acks: Ack[] = [];
  /** What purges were answered that were neither confirmed nor committed, and writes whose purge was not confirmed. */
  readonly refusals: string[] = [];
  readonly #world: World;
  readonly #instants: Instants;
  /** Registers whose last write no hard purge has been confirmed for. */
  readonly #owed = new Set<string>();
  #confirmed = 0;
  #watches: (() => void)[] = [];

  constructor(world: World, instants: Instants) {
    this.#world = world;
    this.#instants = instants;
  }

  get owed(): readonly string[] {
    return [...this.#owed];
  }

  commit(register: string): void {
    this.#world.commit(register);
    this.#owed.add(register);
  }

  /** Resolves with the last answer there will be to it. */
  async purge(connection: Connection, registers: readonly string[], how: Fields = []): Promise<Answer | undefined> {
    const versions = new Map(registers.map((register) => [register, this.#world.version(register)]));
    const sent = { versions, sentAt: this.#instants.next(), isSoft: how.includes('soft-purge') };
    let answer = await connection.ask('PURGE', '/', [...AUTHORISED, 'surrogate-key', registers.join(' '), ...how]);
    this.#answered(sent, answer);
    while (answer?.status === 202) {
      answer = await askAgain(connection.target, answer);
      this.#answered(sent, answer);
    }
    return answer;
  }

  /** A PUT of the register, whose answer waits for its purge. */
  async throughProxy(connection: Connection, register: string): Promise<void> {
    this.#owed.add(register);
    const sentAt = this.#instants.next();
    const answer = await connection.ask('PUT', `/registers/${register}`, ['content-length', '0']);
    const ackedAt = this.#instants.next();
    const isConfirmed = answer?.status === 200 && answer.field('cache-status')?.includes('purge-unconfirmed') !== true;
    if (isConfirmed) this.#acked([{ register, version: Number(answer.body), sentAt, ackedAt }]);
    else this.#refused(`PUT: ${answer?.status} ${answer?.field('cache-status')}`);
  }

  /** Resolves when so many more have been confirmed. */
  async confirmed(more: number): Promise<void> {
    const enough = this.#confirmed + more;
    while (this.#confirmed < enough) await this.#news();
  }

  /** Resolves when so many more have been answered, whatever the answer. */
  async answered(more: number): Promise<void> {
    const before = this.#confirmed + this.refusals.length;
    while (this.#confirmed + this.refusals.length < before + more) await this.#news();
  }

  #answered({ versions, sentAt, isSoft }: SentPurge, answer: Answer | undefined): void {
    const ackedAt = this.#instants.next();
    if (answer?.status !== 200 && answer?.status !== 202) return this.#refused(`PURGE: ${answer?.status} ${answer?.body}`);
    // A soft purge promises nothing, so it confirms nothing here.
    if (isSoft) return;
    const receipt = receiptOf(answer);
    this.#acked(Array.from(versions, ([register, version]) => ({ register, version, sentAt, ackedAt, ...receipt })));
  }

  /** All of one answer. */
  #acked(acks: readonly Ack[]): void {
    this.acks.push(...acks);
    const confirmed = acks.filter(({ boundMs }) => boundMs === undefined);
    for (const { register, version } of confirmed) if (version === this.#world.version(register)) this.#owed.delete(register);
    if (confirmed.length > 0) this.#confirmed++;
    this.#tell();
  }

  #refused(answer: string): void {
    this.refusals.push(answer);
    this.#tell();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#watches.push(resolve));
  }

  #tell(): void {
    for (const go of this.#watches.splice(0)) go();
  }
}

/** How it has ended, from the node that said it would; undefined where that is gone. */
async function askAgain({ adminAddress }: Target, committed: Answer): Promise<Answer | undefined> {
  const path = `/v1/purges/${receiptIn(committed).id}?wait=${WAIT_SECONDS}`;
  return get(adminAddress, path, { fields: AUTHORISED }).catch(() => undefined);
}

/** What a receipt says: the epoch of one process, or the nodes of several, or until when it may take. */
function receiptOf(answer: Answer): Pick<Ack, 'boundMs' | 'nodes' | 'epoch'> {
  const { id, bound_ms: boundMs, nodes } = receiptIn(answer);
  const epoch = /^[0-9a-f]+\.(\d+)$/.exec(id)?.[1];
  return { ...(boundMs !== undefined && { boundMs }), ...(nodes !== undefined && { nodes }), ...(epoch !== undefined && { epoch: Number(epoch) }) };
}

function receiptIn({ body }: Answer): { readonly id: string; readonly bound_ms?: number; readonly nodes?: NonNullable<Ack['nodes']> } {
  return JSON.parse(body) as ReturnType<typeof receiptIn>;
}
