// A journey whose requests, and some of its answers, are bytes. It is played twice: with all of them sent whole, and one byte at a time.
import { expect } from 'vitest';
import { bothSides, type Expected, type Setting, Stage } from '../proxy/journey.ts';
import { type Answer, RawClient } from '../support/client.ts';
import type { Reply, Script } from '../support/origin.ts';

export interface RawJourney extends Setting {
  readonly name: string;
  /** To everything, until a step says otherwise. */
  readonly answers?: Script;
  readonly steps: readonly RawStep[];
  /** Start lines of all that the origin was asked, where that is what it is about. */
  readonly asked?: readonly string[];
}

export interface RawRow extends RawJourney {
  /** In SECURITY: `3.1` is row 1 of the table in section 3. */
  readonly row: string;
}

export interface RawStep {
  /** How far the clock moves first. */
  readonly afterMs?: number;
  /** What the origin answers to everything from now on. */
  readonly answers?: Script;
  /** Characters are bytes. */
  readonly send: string;
  readonly to?: 'admin';
  readonly expect: Expected;
}

export function rowsOf(row: string, journeys: readonly RawJourney[]): readonly RawRow[] {
  return journeys.map((journey) => ({ row, ...journey }));
}

/** Stands for the origin's own address in what is sent, and is as long. */
export const ORIGIN = 'origin.test:000';

export const FEEDS = ['whole', 'byte by byte'] as const;
export type Feed = (typeof FEEDS)[number];

/** A request with these fields for shop.test; a body has its length. */
export function bytesOf(line: string, fields: readonly string[] = [], body = ''): string {
  return message([`${line} HTTP/1.1`, 'Host: shop.test', ...fields], body);
}

/** The same for the admin listener. */
export function operatorBytes(line: string, fields: readonly string[] = [], body = ''): string {
  return message([`${line} HTTP/1.1`, 'Host: localhost', ...fields], body);
}

function message(lines: readonly string[], body: string): string {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  return `${[...lines, ...length].join('\r\n')}\r\n\r\n${body}`;
}

/** A response as an origin sends it. */
export function response(status: string, fields: readonly string[], body = ''): Reply {
  return {
    raw: Buffer.from(message([`HTTP/1.1 ${status}`, ...fields, ...(body === '' ? ['Content-Length: 0'] : [])], body), 'latin1'),
    keepOpen: true,
  };
}

export async function playRaw(journey: RawJourney, feed: Feed): Promise<void> {
  await using stage = await Stage.start(journey);
  await using connections = new Connections(stage, feed);
  for (const [index, step] of journey.steps.entries()) {
    stage.clock.advance(step.afterMs ?? 0);
    const answers = step.answers ?? (index === 0 ? journey.answers : undefined);
    if (answers !== undefined) stage.origin.on('*', fed(answers, feed));
    const before = stage.origin.requests.length;
    const answer = await connections.exchange(step);
    const sides = bothSides(step.expect, answer, stage.origin.requests.slice(before));
    expect(sides.actual, `step ${index + 1}: ${step.send.split('\r\n', 1)[0]}`).toEqual(sides.expected);
  }
  if (journey.asked !== undefined) expect(stage.asked).toEqual(journey.asked);
}

function fed(script: Script, feed: Feed): Script {
  if (feed === 'whole') return script;
  return async (request, nth) => ({ ...(typeof script === 'function' ? await script(request, nth) : script), inPieces: true });
}

/** One to each listener, for as long as answers leave it open. */
class Connections implements AsyncDisposable {
  readonly #stage: Stage;
  readonly #feed: Feed;
  readonly #open = new Map<RawStep['to'], RawClient>();

  constructor(stage: Stage, feed: Feed) {
    this.#stage = stage;
    this.#feed = feed;
  }

  async exchange({ send, to }: RawStep): Promise<Answer> {
    const { freshet, origin } = this.#stage;
    const client = this.#open.get(to) ?? (await RawClient.connect(to === 'admin' ? freshet.adminAddress : freshet.address));
    this.#open.set(to, client);
    const bytes = send.replaceAll(ORIGIN, `127.0.0.1:${origin.port}`);
    const sent = this.#feed === 'whole' ? client.send(bytes) : client.sendByteByByte(bytes);
    const answer = await client.answer(bytes.slice(0, bytes.indexOf(' ')));
    if (answer === undefined) throw new Error(`no answer to ${JSON.stringify(send.slice(0, 200))}`);
    await sent;
    if (answer.field('connection') === 'close' || !answer.complete) await this.#close(to, client);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [to, client] of this.#open) await this.#close(to, client);
  }

  async #close(to: RawStep['to'], client: RawClient): Promise<void> {
    this.#open.delete(to);
    await client[Symbol.asyncDispose]();
  }
}
