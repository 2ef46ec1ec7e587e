// RFC 9112 §9.3.2: answers of one connection come in the order of their requests, each whole or cut, and a 1xx before its own (RFC 9110 §15.2), whichever
// is given first.
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/proxy/client.ts';
import { RawClient } from '../support/client.ts';
import { echo, Listening } from './listening.ts';

const GET = 'GET /first HTTP/1.1\r\nHost: x\r\n\r\n';
const SECOND = 'GET /second HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST /second HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello';
const LINK = ['link', '</a>'];

/** Two requests that came together, neither of which is answered unless it is a POST. */
class Pair implements AsyncDisposable {
  readonly listening: Listening;
  readonly raw: RawClient;
  readonly first: Client;
  readonly second: Client;

  static async ask(second: string): Promise<Pair> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const clients: Client[] = [];
    const listening = await Listening.start((request, client) => {
      if (request.method === 'POST') echo(request, client);
      if (clients.push(client) === 2) resolve();
    });
    const raw = await RawClient.connect(listening.address);
    raw.send(GET + second);
    await promise;
    return new Pair(listening, raw, clients);
  }

  private constructor(listening: Listening, raw: RawClient, [first, second]: readonly Client[]) {
    if (first === undefined || second === undefined) throw new Error('there are not two requests');
    this.listening = listening;
    this.raw = raw;
    this.first = first;
    this.second = second;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.raw[Symbol.asyncDispose]();
    await this.listening[Symbol.asyncDispose]();
  }
}

function answerFirst(client: Client): void {
  client.answer(200, 'OK', [], Buffer.from('first'));
}

const giving: readonly { readonly how: string; readonly give: (client: Client) => void }[] = [
  { how: 'at once', give: (client) => client.answer(200, 'OK', [], Buffer.from('second')) },
  {
    how: 'piece by piece',
    give: (client) => {
      client.head(200, 'OK', []);
      client.write(Buffer.from('sec'));
      client.write(Buffer.from('ond'));
      client.end();
    },
  },
];

describe('a 1xx before its turn', () => {
  it.each(giving)('is not sent where the final answer has been given meanwhile, $how', async ({ give }) => {
    await using pair = await Pair.ask(SECOND);
    const { raw, first, second } = pair;
    second.informational(103, LINK);
    give(second);
    answerFirst(first);
    expect(await raw.answer()).toMatchObject({ body: 'first', informational: [] });
    expect(await raw.answer()).toMatchObject({ body: 'second', complete: true, informational: [] });
    raw.send(GET);
    while (pair.listening.seen.length < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(pair.listening.faults).toEqual([]);
  });

  it('is sent with its turn', async () => {
    await using pair = await Pair.ask(SECOND);
    const { raw, first, second } = pair;
    second.informational(103, LINK);
    second.informational(102, []);
    answerFirst(first);
    expect(await raw.answer()).toMatchObject({ body: 'first', informational: [] });
    expect([await raw.head(), await raw.head()]).toEqual([
      { status: 103, fields: LINK },
      { status: 102, fields: [] },
    ]);
    second.answer(200, 'OK', [], Buffer.from('second'));
    expect(await raw.answer()).toMatchObject({ body: 'second', complete: true });
  });

  it('that asks for a body which came unasked is not sent into the answer', async () => {
    await using pair = await Pair.ask(POST);
    const { raw, first, second } = pair;
    while (!second.headSent) await new Promise((resolve) => setImmediate(resolve));
    answerFirst(first);
    expect(await raw.answer()).toMatchObject({ body: 'first' });
    const answer = await raw.answer('POST');
    expect([answer?.complete, JSON.parse(answer?.body ?? '')]).toEqual([true, expect.objectContaining({ method: 'POST', body: 'hello' })]);
  });
});

describe('an answer that breaks off before its turn', () => {
  const breaking: readonly { readonly how: string; readonly breakOff: (client: Client) => void; readonly faults: number }[] = [
    { how: 'before its head', breakOff: (client) => client.destroy(), faults: 0 },
    {
      how: 'in its body',
      breakOff: (client) => {
        client.head(200, 'OK', []);
        client.write(Buffer.from('half'));
        client.destroy();
      },
      faults: 0,
    },
    {
      how: 'since its length lies',
      breakOff: (client) => {
        client.head(200, 'OK', ['content-length', '9']);
        client.write(Buffer.from('short'));
        client.end();
      },
      faults: 1,
    },
  ];

  it.each(breaking)('$how cuts the connection behind those in front', async ({ breakOff, faults }) => {
    await using pair = await Pair.ask(SECOND);
    const { raw, first, second } = pair;
    breakOff(second);
    answerFirst(first);
    expect(await raw.answer()).toMatchObject({ body: 'first', complete: true });
    expect((await raw.answer())?.complete ?? false).toBe(false);
    expect(await raw.closed()).toMatch(/end|ECONNRESET/);
    expect(pair.listening.faults).toHaveLength(faults);
  });
});
