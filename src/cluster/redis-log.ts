// The shared log of purges in Redis. PURGE-PROTOCOL §4.2, §4.3: every call is one script, sent once, over before CALL_TIMEOUT_MS; what it finds is decided there.
// Three connections: one for all calls, in their order; one that blocks in reads; one that is subscribed to hints.
import { randomBytes, randomInt } from 'node:crypto';
import { deriveKey } from './cluster-secret.ts';
import type {
  Committed,
  CoordinationLog,
  Joined,
  LogEntry,
  LoggedPurge,
  Lost,
  NodeMode,
  NodeStanding,
  Position,
  Renewed,
} from './coordination-log.ts';
import { decodeEntry, decodeHolds, encodePurge, listOf, pairsOf, type Reply, textOf } from './logged-purge.ts';
import { CALL_TIMEOUT_MS, messageOf, RedisConnection, type RedisTarget, type ScriptCall } from './redis-connection.ts';
import { BLOCK_MS, RedisFollower } from './redis-follower.ts';
import { type RedisKeys, redisKeys, SCRIPTS } from './redis-scripts.ts';

export interface RedisLogOptions {
  readonly target: RedisTarget;
  /** Nodes of one name share purges. */
  readonly cluster: string;
  readonly secret: string;
  /** How many the primary has; 0: what is written counts once the primary has it. */
  readonly replicas: number;
  /** For how long nodes keep a hold that is over: mark-writer.ts. */
  readonly holdKeepMs: number;
}

const NONCE_BYTES = 9;
const INCARNATION_BYTES = 16;

/** Far from where any other incarnation began, so that numbers of renewals do not come twice. */
const FIRST_RENEWAL_BELOW = 2 ** 40;

export class RedisLog implements CoordinationLog {
  readonly #options: RedisLogOptions;
  readonly #keys: RedisKeys;
  readonly #check: string;
  /** With the primary, a majority of it and its replicas. */
  readonly #quorum: number;
  readonly #calls: RedisConnection;
  readonly #follower: RedisFollower;
  readonly #hints: RedisConnection;

  constructor(options: RedisLogOptions) {
    const { target, cluster, secret, replicas } = options;
    this.#options = options;
    this.#keys = redisKeys(cluster);
    this.#check = deriveKey(secret, 'check').toString('base64url');
    this.#quorum = Math.ceil(replicas / 2);
    const { log: key, acks } = this.#keys;
    this.#calls = new RedisConnection(target, { name: 'freshet', key, scripts: Object.values(SCRIPTS) });
    this.#follower = new RedisFollower(new RedisConnection(target, { name: 'freshet-follow', key, blocksMs: BLOCK_MS }), key);
    this.#hints = new RedisConnection(target, { name: 'freshet-hints', key });
    this.#hinted = () => {};
    this.#hints.onReady(() => void this.#hints.subscribe(acks, () => this.#hinted()).catch(() => {}));
  }

  #hinted: () => void;

  /** Waits for the first connection, but no longer than a call may last. */
  async join(): Promise<Joined> {
    try {
      await this.#calls.untilReady(CALL_TIMEOUT_MS);
    } catch (error) {
      return { kind: 'failed', error: messageOf(error) };
    }
    const args = [randomBytes(INCARNATION_BYTES).toString('base64url'), this.#check, randomInt(FIRST_RENEWAL_BELOW)];
    const { kind, reply, error } = await this.#run(SCRIPTS.JOIN, args);
    if (kind === 'secret-differs') return { kind };
    if (kind !== 'joined') return { kind: 'failed', error };
    const [incarnation, server, seq, nonce, now, holds] = reply;
    const position = { incarnation: textOf(incarnation), server: textOf(server), applied: Number(seq), nonce: textOf(nonce) };
    return { kind, position, holds: decodeHolds(holds, Number(now)) };
  }

  async renew(nodeId: string, mode: NodeMode, position: Position): Promise<Renewed> {
    const answer = await this.#run(SCRIPTS.RENEW, [...argsOf(position), nodeId, mode], this.#quorum);
    if (answer.kind === 'gap') return { kind: 'gap' };
    if (answer.kind !== 'renewed') return lostOf(answer);
    const [seq, entries] = answer.reply;
    return { kind: 'renewed', seq: Number(seq), entries: listOf(entries).flatMap((entry) => decodeEntry(entry) ?? []) };
  }

  async commit(position: Position, purge: LoggedPurge): Promise<Committed> {
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    const args = [...argsOf(position), nonce, ...encodePurge(purge), Math.ceil(this.#options.holdKeepMs)];
    const answer = await this.#run(SCRIPTS.COMMIT, args, this.#quorum);
    if (answer.kind === 'out-of-holds') return { kind: 'out-of-holds' };
    if (answer.kind !== 'committed') return lostOf(answer);
    const [seq, standings] = answer.reply;
    return { kind: 'committed', seq: Number(seq), nonce, nodes: standingsOf(standings) };
  }

  async acknowledge(nodeId: string, position: Position): Promise<{ readonly kind: 'done' } | Lost> {
    const answer = await this.#run(SCRIPTS.ACKNOWLEDGE, [...argsOf(position), nodeId, this.#keys.acks]);
    return answer.kind === 'done' ? { kind: 'done' } : lostOf(answer);
  }

  async standings(position: Position): Promise<{ readonly kind: 'standings'; readonly nodes: ReadonlyMap<string, NodeStanding> } | Lost> {
    const answer = await this.#run(SCRIPTS.STANDINGS, argsOf(position));
    return answer.kind === 'standings' ? { kind: 'standings', nodes: standingsOf(answer.reply[0], Number(answer.reply[1])) } : lostOf(answer);
  }

  async evict(nodes: ReadonlyMap<string, number>): Promise<void> {
    await this.#run(SCRIPTS.EVICT, [...nodes].flat());
  }

  async leave(nodeId: string): Promise<void> {
    await this.#run(SCRIPTS.LEAVE, [nodeId]);
  }

  follow(position: Position, pushed: (entries: readonly LogEntry[]) => void): void {
    this.#follower.follow(position, pushed);
  }

  onHint(hinted: () => void): void {
    this.#hinted = hinted;
  }

  async close(): Promise<void> {
    this.#calls.close();
    this.#hints.close();
    await this.#follower.close();
  }

  async #run(script: string, args: ScriptCall['args'], replicas = 0): Promise<ScriptResult> {
    try {
      const { reply, isReplicated } = await this.#calls.run(script, { keys: this.#keys.all, args, replicas });
      const [kind, ...rest] = reply;
      if (textOf(kind) === 'replica') {
        this.#calls.reconnect();
        return failed('this Redis is a replica');
      }
      const isWritten = textOf(kind) === 'renewed' || textOf(kind) === 'committed';
      return isWritten && !isReplicated ? failed(`fewer than ${replicas} replicas have it`) : { kind: textOf(kind), reply: rest, error: '' };
    } catch (error) {
      return failed(messageOf(error));
    }
  }
}

/** What a script said, or `failed` and why. */
interface ScriptResult {
  readonly kind: string;
  readonly reply: readonly Reply[];
  readonly error: string;
}

function failed(error: string): ScriptResult {
  return { kind: 'failed', reply: [], error };
}

/** A gap is a position that cannot be made sure of any more. */
function lostOf({ kind, error }: ScriptResult): Lost {
  return kind === 'changed' || kind === 'gap' ? { kind: 'changed' } : { kind: 'failed', error };
}

function argsOf({ incarnation, server, applied, nonce }: Position): readonly (string | number)[] {
  return [incarnation, server, applied, nonce];
}

/** Of `nodes` and `ack`, without what else stands there. */
function standingsOf(reply: Reply | undefined, now?: number): ReadonlyMap<string, NodeStanding> {
  const [nodes, acks] = listOf(reply).map(pairsOf);
  const listed = Object.entries(nodes ?? {}).filter(([name]) => !name.startsWith('!'));
  return new Map(
    listed.map(([name, value]) => {
      const [mode, counter] = textOf(value).split(' ');
      const ago = now === undefined ? {} : { renewedMsAgo: Math.max(0, now - Number(textOf(nodes?.[`!at ${name}`]))) };
      return [name, { mode: mode === 'barrier' ? 'barrier' : 'lease', counter: Number(counter), acked: Number(textOf(acks?.[name])), ...ago }];
    }),
  );
}
