// What a reader or a writer speaks through: one connection at a time, opened again after each that was cut.
import type { Fields } from '../../src/http/fields.ts';
import { type Address, type Answer, RawClient } from '../support/client.ts';

export class Connection {
  readonly #server: { readonly address: Address };
  #client: RawClient | undefined;

  /** Each new connection goes to where `server` is then. */
  constructor(server: { readonly address: Address }) {
    this.#server = server;
  }

  /** Undefined where the connection ended without an answer, or nobody listens. */
  async ask(method: string, path: string, fields: Fields): Promise<Answer | undefined> {
    this.#client ??= await RawClient.connect(this.#server.address).catch(() => undefined);
    if (this.#client === undefined) return undefined;
    const lines = [`${method} ${path} HTTP/1.1`, 'host: shop.example'];
    for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
    this.#client.send(`${lines.join('\r\n')}\r\n\r\n`);
    const answer = await this.#client.answer(method);
    if (answer?.complete !== true || answer.field('connection') === 'close') await this.close();
    return answer;
  }

  async close(): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
    this.#client = undefined;
  }
}
