// One connection to the Redis that numbers purges: single, found by Sentinels, or the one of a Redis Cluster that has our slot. PURGE-PROTOCOL §4.3 "Two traps".
// Nothing waits for a connection and nothing is sent twice: a command whose answer is missing may have been carried out, and only the caller knows what that means.
import { hash } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { listOf, type Reply, textOf } from './logged-purge.ts';
import { SlotConnector } from './redis-slot.ts';

export interface RedisTarget {
  /** `redis://` or `rediss://` with host, port and perhaps user and password: of the server, or of each Sentinel, or of some nodes of a Redis Cluster. */
  readonly urls: readonly string[];
  /** The name that the Sentinels know the primary by, and how they want to be asked. */
  readonly sentinel?: { readonly name: string; readonly user?: string; readonly password?: string };
  /** A Redis Cluster. */
  readonly sharded: boolean;
  readonly db: number;
  /** For `rediss://`; `ca` is PEM text. */
  readonly tls?: { readonly ca?: string; readonly servername?: string; readonly rejectUnauthorized: boolean };
}

/** For every call, from its sending to its answer. */
export const CALL_TIMEOUT_MS = 500;

/** Of it, for replicas to have what was written. */
const REPLICAS_TIMEOUT_MS = 250;

/** A connection on which an answer is missing for this long is given up: the next call finds a new one, or none. */
const SILENT_MS = 1000;

const LONGEST_RETRY_MS = 1000;

export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number | Buffer)[];
  /** How many replicas must have what was written. */
  readonly replicas: number;
}

export interface ScriptAnswer {
  readonly reply: readonly Reply[];
  /** Whether that many replicas had it in time. */
  readonly isReplicated: boolean;
}

export interface ConnectionOptions {
  /** As `CLIENT LIST` shows it. */
  readonly name: string;
  /** One of the keys: where the slots of a Redis Cluster decide. */
  readonly key: string;
  /** Those that it will run: the server knows them before the first call, so that none comes twice and out of its order. */
  readonly scripts?: readonly string[];
  /** The longest time for which its commands block. */
  readonly blocksMs?: number;
}

export class RedisConnection {
  readonly #redis: Redis;
  #lastError = '';
  /** Raised by each new connection to a server. */
  #life = 0;

  constructor(target: RedisTarget, { name, key, scripts = [], blocksMs = 0 }: ConnectionOptions) {
    const options = { ...optionsOf(target, key), connectionName: name, socketTimeout: SILENT_MS + blocksMs };
    this.#redis = new Redis(options);
    this.#redis.on('error', (error: Error) => (this.#lastError = error.message));
    this.#redis.on('ready', () => {
      this.#life++;
      for (const script of scripts) this.#redis.script('LOAD', script).catch(() => {});
    });
  }

  get life(): number {
    return this.#life;
  }

  get isReady(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Resolves when there is a connection; rejects after `timeoutMs`. */
  async untilReady(timeoutMs: number): Promise<void> {
    if (this.isReady) return;
    const ready = Promise.withResolvers<undefined>();
    const settle = (): void => ready.resolve(undefined);
    this.#redis.once('ready', settle);
    try {
      await within(ready.promise, timeoutMs, '');
    } catch {
      throw new Error(this.#noConnection());
    } finally {
      this.#redis.off('ready', settle);
    }
  }

  /** Called on each new connection. */
  onReady(ready: () => void): void {
    this.#redis.on('ready', ready);
    if (this.isReady) ready();
  }

  /** Runs `script` once. Rejects where it cannot be sent, is refused, or is not answered in time: then it may have been carried out all the same. */
  async run(script: string, call: ScriptCall): Promise<ScriptAnswer> {
    const sent = this.#eval('EVALSHA', digestOf(script), call).catch((error: unknown) => {
      // It was not run: the server has not seen it yet, or has forgotten it.
      if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
      return this.#eval('EVAL', script, call);
    });
    return within(sent, CALL_TIMEOUT_MS, 'no answer from Redis');
  }

  /** Both commands are written before either is awaited: WAIT means nothing on another connection than that of the write. */
  async #eval(command: string, script: string, { keys, args, replicas }: ScriptCall): Promise<ScriptAnswer> {
    if (!this.isReady) throw new Error(this.#noConnection());
    const answer = this.#redis.callBuffer(command, script, keys.length, ...keys, ...args);
    const had = replicas === 0 ? 0 : this.#redis.callBuffer('WAIT', replicas, REPLICAS_TIMEOUT_MS);
    const [reply, count] = await Promise.all([answer, had]);
    return { reply: listOf(reply as Reply), isReplicated: (count as number) >= replicas };
  }

  /** Any other command, without a timeout. */
  async command(name: string, ...args: readonly (string | number | Buffer)[]): Promise<Reply> {
    return (await this.#redis.callBuffer(name, ...args)) as Reply;
  }

  /** `run_id` and `master_replid`, as scripts see them. */
  async server(): Promise<string> {
    const [server, replication] = await Promise.all([this.command('INFO', 'server'), this.command('INFO', 'replication')]);
    return `${/run_id:(\w+)/.exec(textOf(server))?.[1]}:${/master_replid:(\w+)/.exec(textOf(replication))?.[1]}`;
  }

  async subscribe(channel: string, heard: () => void): Promise<void> {
    this.#redis.removeAllListeners('message');
    this.#redis.on('message', heard);
    await this.#redis.subscribe(channel);
  }

  /** Looks for the primary anew. */
  reconnect(): void {
    if (this.isReady) this.#redis.disconnect(true);
  }

  close(): void {
    this.#redis.disconnect();
  }

  #noConnection(): string {
    return `no connection to Redis${this.#lastError === '' ? '' : `: ${this.#lastError}`}`;
  }
}

function optionsOf(target: RedisTarget, key: string): RedisOptions & { readonly replyMapping: 'legacy' } {
  const { urls, sentinel, sharded, db, tls } = target;
  const servers = urls.map((url) => new URL(url));
  const [first] = servers;
  const isEncrypted = first?.protocol === 'rediss:';
  const encryption = { ...(tls?.ca !== undefined && { ca: tls.ca }), ...(tls?.servername !== undefined && { servername: tls.servername }) };
  const secured = { ...encryption, rejectUnauthorized: tls?.rejectUnauthorized ?? true };
  return {
    // RESP3 would ask for HELLO, and gives us nothing.
    protocol: 2,
    replyMapping: 'legacy',
    ...credentialsOf(first),
    db,
    ...(isEncrypted && { tls: secured }),
    ...(sentinel === undefined && !sharded && addressOf(first)),
    ...(sharded && { Connector: SlotConnector.among(servers.map(addressOf), key) }),
    ...(sentinel !== undefined && {
      sentinels: servers.map(addressOf),
      name: sentinel.name,
      ...(sentinel.user !== undefined && { sentinelUsername: sentinel.user }),
      ...(sentinel.password !== undefined && { sentinelPassword: sentinel.password }),
      sentinelRetryStrategy: retryAfter,
      ...(isEncrypted && { sentinelTLS: secured, enableTLSForSentinelMode: true }),
      failoverDetector: true,
    }),
    connectTimeout: SILENT_MS,
    disableClientInfo: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retryAfter,
    // Whoever answers this is not the one to ask. The command is not sent again.
    reconnectOnError: (error) => /^(?:READONLY|MOVED)\b/.test(error.message),
  };
}

function retryAfter(times: number): number {
  return Math.min(50 * times, LONGEST_RETRY_MS);
}

function addressOf(url: URL | undefined): { readonly host: string; readonly port: number } {
  return { host: url?.hostname.replace(/^\[|\]$/g, '') ?? '', port: Number(url?.port === '' ? 6379 : url?.port) };
}

function credentialsOf(url: URL | undefined): Pick<RedisOptions, 'username' | 'password'> {
  const { username = '', password = '' } = url ?? {};
  return { ...(username !== '' && { username: decodeURIComponent(username) }), ...(password !== '' && { password: decodeURIComponent(password) }) };
}

async function within<T>(promise: Promise<T>, timeoutMs: number, otherwise: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${otherwise} within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** In words of what happened: some of ioredis' own are about settings that nobody can set here. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isLost = error.name === 'MaxRetriesPerRequestError' || /^Stream isn't writeable|^Connection is closed/.test(error.message);
  return isLost ? 'the connection to Redis was lost' : error.message;
}

/** There are a handful of scripts, and one of them runs for every purge. */
const digests = new Map<string, string>();

function digestOf(script: string): string {
  return digests.getOrInsertComputed(script, () => hash('sha1', script));
}
