// SECURITY §14, release bar 5: the origin is cut at every byte offset of a set of responses. What is not whole is not stored, and nobody, whether it
// asked first or collapsed, is given a clean end to a short body.
import { describe, expect, it } from 'vitest';
import { type Fields, fieldValue } from '../src/http/fields.ts';
import { CuttingOrigin } from './support/cutting-origin.ts';
import { RunningFreshet } from './support/freshet.ts';
import { type Got, KeepAlive } from './support/keep-alive.ts';
import { type Cuttable, REPLIES } from './support/truncated-replies.ts';

const PROBE = ['HTTP/1.1 200 OK', 'Cache-Control: public, max-age=60', 'Content-Length: 5', 'Connection: close', '', 'later'].join('\r\n');

describe('the origin cut at every byte of', () => {
  it.each(REPLIES)('$name', { timeout: 120_000 }, async (reply) => {
    await using origin = await CuttingOrigin.start();
    await using freshet = await RunningFreshet.start(configOf(origin.url, reply));
    using sweep = new Sweep(reply, origin, freshet);
    for (let cut = 0; cut <= sweep.length; cut++) await sweep.cutAt(cut);
    expect(sweep.wrong).toEqual([]);
    // Nearly always both were on one fetch where its head came, so that a follower was tried at every place.
    if (collapses(reply)) expect(sweep.shared / sweep.landed).toBeGreaterThan(0.7);
  });
});

function configOf(url: string, { route }: Cuttable): string {
  return `origins: { shop: { url: "${url}", breaker: false } }\nlog: { level: silent, access: off }\ndefaults: { hit_for_miss: 0s${route === undefined ? '' : `, ${route}`} }`;
}

function collapses({ method, fields = [], unstored, route }: Cuttable): boolean {
  return method === undefined && !fields.includes('range') && unstored === undefined && route === undefined;
}

class Sweep implements Disposable {
  readonly wrong: string[] = [];
  /** Cuts behind a final head, and those among them at which the origin was asked once for two. */
  landed = 0;
  shared = 0;
  readonly #reply: Cuttable;
  readonly #origin: CuttingOrigin;
  readonly #freshet: RunningFreshet;
  readonly #connections: (KeepAlive | undefined)[] = [];

  constructor(reply: Cuttable, origin: CuttingOrigin, freshet: RunningFreshet) {
    this.#reply = reply;
    this.#origin = origin;
    this.#freshet = freshet;
  }

  get length(): number {
    return this.#bytesAt(0).length;
  }

  async cutAt(cut: number): Promise<void> {
    const path = pathOf(cut);
    const bytes = this.#bytesAt(cut);
    if (this.#reply.primed !== undefined) await this.#later(path, this.#reply.primed);
    const asked = this.#origin.asked(path);
    this.#origin.on(path, { bytes: bytes.slice(0, cut), end: this.#reply.end ?? 'fin' });
    const { method = 'GET', fields = [] } = this.#reply;
    // One write would purge what the other left.
    const askers = method === 'POST' ? [0] : [0, 1];
    const shown = await Promise.all(askers.map((who) => this.#ask(who, method, path, fields)));
    if (cut >= headBytes(bytes)) {
      this.landed++;
      if (this.#origin.asked(path) - asked === 1) this.shared++;
    }
    this.#judge(cut, shown);
    const wasStored = await this.#later(path, PROBE);
    if (wasStored !== (this.#isWhole(cut) && this.#reply.unstored !== true)) this.wrong.push(`${cut}: ${wasStored ? 'stored' : 'not stored'}`);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection?.destroy();
  }

  #bytesAt(cut: number): string {
    return this.#reply.bytes.replace('PATH', pathOf(cut));
  }

  /** Of a close-delimited body nothing but a clean end of the connection says that it is whole. */
  #isWhole(cut: number): boolean {
    return cut === this.length && !(this.#reply.closeDelimited === true && this.#reply.end === 'reset');
  }

  #judge(cut: number, shown: readonly (Got | undefined)[]): void {
    const { closeDelimited, end, sharesFailure } = this.#reply;
    const mayLookWhole = this.#isWhole(cut) || (closeDelimited === true && end !== 'reset' && cut >= headBytes(this.#bytesAt(cut)));
    for (const got of shown) {
      const clean = endsCleanly(got);
      if (clean && !mayLookWhole) this.wrong.push(`${cut}: a clean end to ${got?.status} ${JSON.stringify(got?.body.toString())}`);
      if (!clean && this.#isWhole(cut) && sharesFailure !== true) this.wrong.push(`${cut}: whole, and not shown so`);
    }
  }

  /** Asks when the origin has something else to say; whether it was not asked at all. */
  async #later(path: string, bytes: string): Promise<boolean> {
    this.#origin.on(path, { bytes, end: 'fin' });
    const asked = this.#origin.asked(path);
    await this.#ask(0, 'GET', path, this.#reply.fields ?? []);
    return this.#origin.asked(path) === asked;
  }

  async #ask(who: number, method: string, path: string, fields: Fields): Promise<Got | undefined> {
    const open = this.#connections[who];
    const connection = open === undefined || open.closed ? await KeepAlive.connect(this.#freshet.address) : open;
    this.#connections[who] = connection;
    const lines = [`${method} ${path} HTTP/1.1`, 'host: shop.test', ...(method === 'POST' ? ['content-length: 0'] : [])];
    for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
    return connection.ask(method, `${lines.join('\r\n')}\r\n\r\n`);
  }
}

/** All of one length, since the response may hold it. */
function pathOf(cut: number): string {
  return `/a/${String(cut).padStart(4, '0')}`;
}

/** With the final head. */
function headBytes(bytes: string): number {
  return bytes.indexOf('\r\n\r\n', bytes.lastIndexOf('HTTP/1.')) + 4;
}

/** Not cut, and no error of our own. */
function endsCleanly(got: Got | undefined): boolean {
  return got?.whole === true && fieldValue(got.fields, 'content-type') !== 'application/problem+json' && got.status !== 502;
}
