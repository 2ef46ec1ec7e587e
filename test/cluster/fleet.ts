// Several Freshets that share purges over one Redis, in front of one origin.
import { RunningFreshet } from '../support/freshet.ts';
import { type Answer, type Asking, get } from '../support/client.ts';
import { metricIn } from '../support/metrics.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import type { RedisServer } from '../support/redis.ts';
import type { Fields } from '../../src/http/fields.ts';

export const TOKEN = 'token';
const AUTHORISED: Fields = ['authorization', `Bearer ${TOKEN}`];
export const SECRET = 'a-secret-of-thirty-two-characters';

const ROUTES = 'routes: [{ path: "/me/**", scope: credential }]';

export interface Manner {
  readonly mode?: 'lease' | 'barrier';
  readonly workers?: number;
  readonly cluster?: string;
  readonly secret?: string;
  readonly bodies?: boolean;
  /** That the Redis has. */
  readonly replicas?: number;
  /** As YAML. */
  readonly routes?: string;
}

export class FleetNode implements AsyncDisposable {
  readonly freshet: RunningFreshet;

  static async start(server: RedisServer, origin: ScriptedOrigin, manner: Manner = {}): Promise<FleetNode> {
    return new FleetNode(await RunningFreshet.start(yamlOf(server, origin, manner)));
  }

  private constructor(freshet: RunningFreshet) {
    this.freshet = freshet;
  }

  get(path: string, asking: Asking = {}): Promise<Answer> {
    return get(this.freshet.address, path, { ...asking, fields: ['host', 'shop.example', ...(asking.fields ?? [])] });
  }

  async body(path: string): Promise<string> {
    return (await this.get(path)).body;
  }

  admin(path: string, asking: Asking = {}): Promise<Answer> {
    return get(this.freshet.adminAddress, path, { ...asking, fields: [...AUTHORISED, ...(asking.fields ?? [])] });
  }

  purge(tag: string, fields: Fields = []): Promise<Answer> {
    return get(this.freshet.address, '/', { method: 'PURGE', fields: [...AUTHORISED, 'surrogate-key', tag, ...fields] });
  }

  async metric(start: string): Promise<number> {
    return metricIn((await this.admin('/metrics')).body, start);
  }

  /** Resolves when it answers a second request for `path` from its cache, or when it does not. */
  async untilCaching(path: string, wanted = true): Promise<void> {
    for (;;) if (isHit(await this.get(path)) === wanted) return;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.freshet.close();
  }
}

export function isHit(answer: Answer): boolean {
  return /^freshet;\s*hit/.test(answer.field('cache-status') ?? '');
}

export function yamlOf(
  server: { readonly url: string },
  origin: ScriptedOrigin,
  { mode = 'lease', workers = 1, cluster = 'shop', secret = SECRET, bodies = false, replicas = 0, routes = ROUTES }: Manner,
): string {
  return [
    `workers: ${workers}`,
    `origins: { shop: { url: "${origin.url}" } }`,
    `admin: { listen: "127.0.0.1:0", token: ${TOKEN} }`,
    `purge: { token: ${TOKEN}, rate: 100000/s }`,
    `redis: { url: "${server.url}", cluster: ${cluster}, secret: "${secret}", mode: ${mode}, bodies: ${bodies}, replicas: ${replicas} }`,
    routes,
    'log: { level: silent, access: off }',
  ].join('\n');
}
