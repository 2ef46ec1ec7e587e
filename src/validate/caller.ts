// One request to the system under validation, and its answer or why there is none.
import { Agent, request } from 'undici';
import type { Names } from './template.ts';

export interface Call {
  readonly url: string;
  readonly method: string;
  readonly headers: Names;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly fields: Names;
  readonly body: string;
}

export type Called = { readonly kind: 'answer'; readonly answer: Answer } | { readonly kind: 'none'; readonly why: string };

const MOST_BYTES = 8 * 1024 * 1024;

export class Caller implements AsyncDisposable {
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  constructor({ connections, timeoutMs }: { readonly connections: number; readonly timeoutMs: number }) {
    this.#agent = new Agent({ connections, maxResponseSize: MOST_BYTES });
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects, and follows no redirect. */
  async call({ url, method, headers, body }: Call): Promise<Called> {
    try {
      const signal = AbortSignal.timeout(this.#timeoutMs);
      const options = { dispatcher: this.#agent, method, headers, signal, ...(body !== undefined && { body }) };
      const { statusCode, headers: fields, body: answered } = await request(url, options);
      const text = await answered.text();
      return { kind: 'answer', answer: { status: statusCode, fields: joined(fields), body: text } };
    } catch (error) {
      return { kind: 'none', why: error instanceof Error && error.message !== '' ? error.message : String(error) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

function joined(fields: Readonly<Record<string, string | string[] | undefined>>): Names {
  return Object.fromEntries(Object.entries(fields).map(([name, value = '']) => [name, Array.isArray(value) ? value.join(', ') : value]));
}

/** Short enough for a line. */
export function describeCalled(called: Called): string {
  if (called.kind === 'none') return `no answer: ${called.why}`;
  const { status, body } = called.answer;
  return `${status} ${JSON.stringify(body.length > 120 ? `${body.slice(0, 120)}…` : body)}`;
}
