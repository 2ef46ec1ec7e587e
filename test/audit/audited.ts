// Freshet with its auditor in front of a scripted origin, and what that has found so far.
import type { Fields } from '../../src/http/fields.ts';
import { type Asking, get } from '../support/client.ts';
import { Stage } from '../proxy/journey.ts';
import type { Reply } from '../support/origin.ts';

export const WINDOW_MS = 10_000;

interface RouteCounts {
  readonly route: string;
  readonly equal: number;
  readonly caught: number;
  readonly missed: number;
  readonly unstable: number;
  readonly gone: number;
  readonly failed: number;
  readonly skipped: number;
  readonly consistency?: number;
  readonly nines?: number;
}

interface Finding {
  readonly route: string;
  readonly url: string;
  readonly scope: string;
  readonly tags: readonly string[];
  readonly changed: readonly string[];
  readonly status?: number;
  readonly originStatus?: number;
  readonly ageSeconds: number;
  readonly hits: number;
  readonly why?: readonly string[];
  readonly rule?: string;
}

export interface AuditPage {
  readonly sample: string;
  readonly routes: readonly RouteCounts[];
  readonly misses: readonly Finding[];
  readonly unstable: readonly Finding[];
}

export type Counts = Partial<Omit<RouteCounts, 'route' | 'consistency' | 'nines'>>;

export class Audited implements AsyncDisposable {
  readonly stage: Stage;

  /** `audit`: settings beside those that audit every hit at once. */
  static async start({ audit = '', config = '', origin = '' } = {}): Promise<Audited> {
    const settings = auditSettings(audit);
    return new Audited(await Stage.start({ config: `${settings}\n${config}`, origin }));
  }

  private constructor(stage: Stage) {
    this.stage = stage;
  }

  get origin(): Stage['origin'] {
    return this.stage.origin;
  }

  async page(): Promise<AuditPage> {
    const { body } = await get(this.stage.freshet.adminAddress, '/v1/audit');
    return JSON.parse(body) as AuditPage;
  }

  /** The page once its counts are these, of all routes together; those that are not named may be anything. */
  async counted(expected: Counts): Promise<AuditPage> {
    for (;;) {
      const page = await this.page();
      if (isCounted(page, expected)) return page;
    }
  }

  /** Stores the answer to `path`, and answers from it. */
  async hit(path: string, asking: Asking = {}): Promise<void> {
    for (let asked = 0; asked < 2; asked++) await get(this.stage.freshet.address, path, asking);
  }

  /** Until the origin was asked so often in all. */
  asked(times: number): Promise<void> {
    return this.origin.seen(times);
  }

  /** As an application does after its commit; resolves when it is confirmed. */
  async purge(...tags: readonly string[]): Promise<void> {
    const body = JSON.stringify({ tags });
    const answer = await get(this.stage.freshet.adminAddress, '/v1/purge', { method: 'POST', fields: JSON_BODY, body });
    if (answer.status !== 200) throw new Error(answer.body);
  }

  /** The page once windows have passed until its counts are these: what is watched, or will be, is read again. */
  async countedAfterWindow(expected: Counts): Promise<AuditPage> {
    for (;;) {
      this.stage.clock.advance(WINDOW_MS + 1);
      const page = await this.page();
      if (isCounted(page, expected)) return page;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stage[Symbol.asyncDispose]();
  }
}

const JSON_BODY: Fields = ['content-type', 'application/json'];

function isCounted(page: AuditPage, expected: Counts): boolean {
  return Object.entries(expected).every(([verdict, count]) => total(page, verdict) === count);
}

export function total(page: AuditPage, verdict: string): number {
  return page.routes.reduce((sum, route) => sum + Number(route[verdict as keyof RouteCounts]), 0);
}

/** Fresh for a day, with tags. */
export function tagged(value: unknown, tags: string, fields: Fields = []): Reply {
  return {
    fields: ['content-type', 'application/json', 'cache-control', 'public, max-age=86400', 'surrogate-key', tags, ...fields],
    body: JSON.stringify(value),
  };
}

/** Every hit at once, but for what `own` says. */
function auditSettings(own: string): string {
  const all = ['sample: 100%', `window: ${WINDOW_MS}ms`, 'budget: 100000/s', 'concurrency: 64'];
  const others = all.filter((setting) => !own.includes(setting.slice(0, setting.indexOf(':') + 1)));
  return `audit: { ${[...others, ...(own === '' ? [] : [own])].join(', ')} }`;
}
