// SECURITY §11: who leads and who follows send bytes, whole or one by one; the origin answers the leader when it has seen that all others are there.
import { describe, expect, it } from 'vitest';
import { Stage } from '../proxy/journey.ts';
import { RawClient } from '../support/client.ts';
import { Barrier } from '../support/origin.ts';
import { type Asked, COLLAPSES, type CollapseRow, type Got } from './collapse-rows.ts';
import { bytesOf, type Feed, FEEDS } from './raw-journey.ts';

class Client implements AsyncDisposable {
  readonly #raw: RawClient;
  readonly #asked: Asked;

  /** What it asks has been sent. */
  static async ask(stage: Stage, asked: Asked, feed: Feed): Promise<Client> {
    const raw = await RawClient.connect(stage.freshet.address);
    const [method, ...fields] = asked;
    const bytes = bytesOf(`${method} /a`, fields);
    if (feed === 'whole') raw.send(bytes);
    else await raw.sendByteByByte(bytes);
    return new Client(raw, asked);
  }

  private constructor(raw: RawClient, asked: Asked) {
    this.#raw = raw;
    this.#asked = asked;
  }

  /** Freshet's own words are left out. */
  async got(): Promise<Got> {
    const answer = await this.#raw.answer(this.#asked[0]);
    if (answer === undefined) throw new Error('no answer');
    const cookie = answer.field('set-cookie');
    const body = answer.field('content-type') === 'application/problem+json' ? '' : answer.body;
    return cookie === undefined ? [answer.status, body] : [answer.status, body, cookie];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#raw[Symbol.asyncDispose]();
  }
}

async function play({ leader, followers, answers, expected, ...setting }: CollapseRow, feed: Feed): Promise<void> {
  await using stage = await Stage.start(setting);
  const barrier = new Barrier();
  stage.origin.on('/a', (request, nth) => ({ ...answers(request, nth), ...(nth === 1 && { barriers: { 'before-head': barrier } }) }));
  await using clients = new AsyncDisposableStack();
  const leading = clients.use(await Client.ask(stage, leader, feed));
  await barrier.reached;
  const following = await Promise.all(followers.map(async (asked) => clients.use(await Client.ask(stage, asked, feed))));
  await stage.roundTrips();
  barrier.open();
  const got = { leader: await leading.got(), followers: (await Promise.all(following.map((client) => client.got()))).toSorted(byText) };
  expect({ ...got, fetches: stage.origin.count('/a') }).toEqual({ ...expected, followers: expected.followers.toSorted(byText) });
}

function byText(a: Got, b: Got): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

describe.each(FEEDS)('fed %s', (feed) => it.each(COLLAPSES)('$row $name', (row) => play(row, feed)));
