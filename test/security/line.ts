// A client, Freshet and an origin in a row, with bytes at either end.
import { type Answer, get, RawClient } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { WireOrigin } from './wire-origin.ts';

export interface LineSetting {
  /** Settings of the origin, inside braces. */
  readonly origin?: string;
  /** YAML beside it. */
  readonly config?: string;
}

export class Line implements AsyncDisposable {
  readonly origin: WireOrigin;
  readonly freshet: RunningFreshet;

  static async start({ origin: settings = '', config = '' }: LineSetting = {}): Promise<Line> {
    const origin = await WireOrigin.start();
    const shop = `origins: { shop: { url: "${origin.url}"${settings === '' ? '' : `, ${settings}`} } }`;
    return new Line(origin, await RunningFreshet.start(`${shop}\nlog: { level: silent, access: off }\n${config}`));
  }

  private constructor(origin: WireOrigin, freshet: RunningFreshet) {
    this.origin = origin;
    this.freshet = freshet;
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.freshet.address);
  }

  /** The answer to `bytes` on a connection of their own; undefined where it ended without one. */
  async ask(bytes: string, method = 'GET'): Promise<Answer | undefined> {
    await using client = await this.connect();
    client.send(bytes);
    return await client.answer(method);
  }

  /** Resolves when what was sent before has been read: a few round trips that ask the origin nothing. */
  async roundTrips(): Promise<void> {
    for (let i = 0; i < 5; i++) await get(this.freshet.address, '/nothing-there', { fields: ['cache-control', 'only-if-cached'] });
  }

  /** Lines of /metrics that begin so. */
  async metrics(start: string): Promise<readonly string[]> {
    const { body } = await get(this.freshet.adminAddress, '/metrics');
    return body.split('\n').filter((line) => line.startsWith(start));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.freshet.close();
    await this.origin[Symbol.asyncDispose]();
  }
}
