// Whom a reader or a writer asks, and what it speaks through: one connection at a time, opened again after each that was cut.
import type { Fields } from '../../src/http/fields.ts';
import { type Address, type Answer, RawClient } from '../support/client.ts';

export interface Target {
  /** Absent where there is one process only. */
  readonly name?: string;
  readonly address: Address;
  readonly adminAddress: Address;
}

export class Connection {
  readonly target: Target;
  #client: RawClient | undefined;

  /** Each new connection goes to where `target` is then. */
  constructor(target: Target) {
    this.target = target;
  }

  /** Undefined where the connection ended without an answer, or nobody listens. */
  async ask(method: string, path: string, fields: Fields): Promise<Answer | undefined> {
    this.#client ??= await RawClient.connect(this.target.address).catch(() => undefined);
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
