// That a figure is of what it says: every server shows first that it answers as is meant, and every round is checked against what it should have cost.
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { CONNECTIONS, type Load } from './load.ts';
import type { Lane } from './measure.ts';
import type { Origin } from './origin.ts';
import { pathsOf, PURGES_PER_SECOND } from './scenarios.ts';
import type { Running } from './servers.ts';

const ASKED = 10;
/** More than any of the servers adds to a body. */
const HEAD_BYTES = 1500;

/** Connections of their own: each thread that serves has one of them. */
const WARMING = 20;

/** Why the answers of this server are not those that are to be measured; undefined where they are. */
export async function unfitness(
  origin: Pick<Origin, 'count'>,
  { server, traffic, running }: Pick<Lane, 'server' | 'traffic'> & { readonly running: Pick<Running, 'url'> },
): Promise<string | undefined> {
  const { 'If-None-Match': _, ...unconditional } = traffic.headers;
  const next = pathsOf(traffic, `check-${Date.now()}`);
  for (let warmed = 0; warmed < WARMING; warmed++) await ask(running.url + traffic.path, unconditional);
  const before = await origin.count();
  for (let asked = 0; asked < ASKED; asked++) {
    const { status, length, stated } = await ask(running.url + next(), traffic.headers);
    if (status !== traffic.status) return `it answers ${status}, not ${traffic.status}`;
    if (length !== traffic.bodyBytes) return `its answer has ${length} bytes, not ${traffic.bodyBytes}`;
    // Allowed by RFC 9110 §8.6, and so no fault of the server's.
    if (status === 304 && stated !== undefined) return 'its 304 has a Content-Length, after which wrk waits for a body';
  }
  const forwarded = (await origin.count()) - before;
  const meant = server.isCache ? ASKED * traffic.forwarded : 0;
  return forwarded === meant ? undefined : `of ${ASKED} requests ${forwarded} reached the origin, not ${meant}`;
}

/** What of a round must not be. Requests that were under way at its end are allowed for. */
export function faultsOf(
  { server, traffic }: Pick<Lane, 'server' | 'traffic'>,
  { load, forwarded, purges }: { readonly load: Load; readonly forwarded: number; readonly purges: number },
): string[] {
  const { requests, bytes, failures } = load;
  const meant = server.isCache ? traffic.forwarded * requests : 0;
  const faults = Object.entries(failures)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} requests failed (${kind})`);
  if (requests === 0) faults.push('no request was answered');
  if (Math.abs(forwarded - meant) > 0.01 * requests + 2 * CONNECTIONS) faults.push(`${forwarded} of ${requests} requests reached the origin`);
  const most = (traffic.bodyBytes + HEAD_BYTES) * (requests + CONNECTIONS);
  if (bytes < traffic.bodyBytes * requests || bytes > most) faults.push(`the answers have ${Math.round(bytes / requests)} bytes on average`);
  if (traffic.isPurged && purges < 0.95 * PURGES_PER_SECOND) faults.push(`only ${purges} purges a second landed`);
  return faults;
}

interface Answer {
  readonly status: number;
  /** Of the body, in bytes. */
  readonly length: number;
  /** Its Content-Length. */
  readonly stated: string | undefined;
}

function ask(url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, (response) => {
      const stated = response.headers['content-length'];
      buffer(response).then(({ length }) => resolve({ status: response.statusCode ?? 0, length, stated }), reject);
    })
      .on('error', reject)
      .end();
  });
}
