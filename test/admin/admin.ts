// An admin listener on a free port, with a real store, marks and purger behind it.
import { randomBytes } from 'node:crypto';
import { EventSources } from '../../src/events/sources.ts';
import type { AdminTokens } from '../../src/admin/guard.ts';
import type { AdminParts } from '../../src/admin/pages.ts';
import { AdminServer } from '../../src/admin/server.ts';
import { takeTurn } from '../../src/admin/shelf.ts';
import type { ListenAddress } from '../../src/config/config.ts';
import { parseUrlSelector } from '../../src/http/target.ts';
import { answerOf, type ParsedPurge, parsePurgeBody, parsePurgeMethod } from '../../src/purge/endpoint.ts';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { PurgeLog } from '../../src/purge/purge-log.ts';
import { Purger } from '../../src/purge/purge.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { entry } from '../store/entry.ts';
import { SettableClock } from '../support/clock.ts';

const HOST = 'shop.example';
export const NOW = 1_000_000;

export interface Admin extends AsyncDisposable {
  readonly address: ListenAddress;
  readonly store: MemoryStore;
  readonly log: PurgeLog;
  readonly lines: string[];
  /** Stores an entry of `http://shop.example{path}`. */
  fill(path: string, tags: readonly string[]): void;
}

export async function startAdmin(given: Partial<AdminParts> & { host?: string; secrets?: AdminTokens } = {}): Promise<Admin> {
  const tagHash = new TagHash(randomBytes(32));
  const clock = new SettableClock(NOW);
  const store = new MemoryStore({ maxBytes: 64 * 1_048_576 });
  const log = new PurgeLog();
  const lines: string[] = [];
  const authority = new ProcessAuthority({ memoryBytes: 65_536, holdKeepMs: 0, exhausted: () => store.clear() });
  const purger = new Purger({
    authority,
    tagHash,
    clock,
    observer: { purgeEnded: () => {}, purgeUnconfirmed: () => {} },
    log,
    normaliseUrl: (url) => [url],
    settleMs: 0,
  });
  const carry = async (parsed: ParsedPurge) => (parsed.kind === 'problem' ? parsed.answer : answerOf(await purger.purge(parsed.order)));
  const server = new AdminServer({
    shelves: () => [{ turn: (question) => takeTurn(question, { store, marks: authority.marks, clock }) }],
    urlIds: (url) => {
      const selector = parseUrlSelector(url);
      return selector && tagHash.urlIds(selector);
    },
    tokens: () => given.secrets ?? {},
    purge: {
      method: (request) => carry(parsePurgeMethod(request, { actor: request.actor, tagHeaders: ['surrogate-key'] })),
      body: (text, from) => carry(parsePurgeBody(text, { ...from, scopes: [] })),
    },
    events: {
      endpoint: { isSigned: false, answer: () => Promise.resolve({ status: 200, fields: [], body: '' }) },
      sources: new EventSources([]),
    },
    purges: () => log.recent(),
    effectOf: () => undefined,
    outcomeOf: (id, waitMs) => purger.outcomeOf(id, waitMs),
    nodes: async () => ({ authority: 'process', nodes: [] }),
    config: () => ({ listen: 'somewhere', token: '***' }),
    explain: (request) => ({
      asked: `${request.method} ${request.target.authority} ${request.target.path}${request.target.query}`,
      fields: request.fields,
    }),
    map: async () => ({ routes: [], families: [], findings: [] }),
    audits: () => ({ routes: [], misses: [] }),
    metrics: async () => 'freshet_up 1\n',
    ready: () => true,
    warn: (message, detail) => lines.push(`${message} ${JSON.stringify(detail)}`),
    error: (message) => lines.push(message),
    ...given,
  });
  await server.open({ host: given.host ?? '127.0.0.1', port: 0 });
  const fill = (path: string, tags: readonly string[]): void => {
    const target = { scheme: 'http', authority: HOST, path, query: '' } as const;
    const implicit = tagHash.implicitTags({ target, routeName: '/', scopeId: 'public', claims: [] });
    const tagIds = tagHash.join(tagHash.tagIds(tags), implicit);
    store.put(`public GET http://${HOST}${path}`, entry({ tags, tagIds, receivedAt: NOW, freshUntil: NOW + 5_000 }), { maxVariants: 1 });
  };
  return { address: { ...server.address, host: '127.0.0.1' }, store, log, lines, fill, [Symbol.asyncDispose]: () => server.close(0) };
}
