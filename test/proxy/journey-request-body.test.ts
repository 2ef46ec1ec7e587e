// Journeys of request bodies that are larger than their route takes: said so, or grown to it. RFC 9110 §15.5.14; PURGE-PROTOCOL §3.2 rule 11.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { get, RawClient } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { fresh, Stage, type Step, STORED, yamlOf } from './journey.ts';

const CONFIG = 'defaults: { max_request_body: 10B }\nroutes: [{ path: /large, max_request_body: 1KiB }, { path: /none, max_request_body: 0B }]';
const TOO_LARGE = /"type":"urn:problem-type:freshet:body-too-large"/;

/** In chunks of one byte. */
const CHUNKED = ['transfer-encoding', 'chunked'];

const refused = (ask: string, body: string, cacheStatus = 'detail=body-too-large'): Step => ({
  ask,
  body,
  expect: { status: 413, cacheStatus, body: TOO_LARGE, asked: 0 },
});
const taken = (ask: string, body: string, fields: readonly string[] = []): Step => ({ ask, body, fields, answers: {}, expect: { asked: 1 } });

describe('a body that says how large it is', () => {
  it.each<{ name: string; step: Step }>([
    { name: 'as large as may be', step: taken('POST /a', '0123456789') },
    { name: 'larger', step: refused('POST /a', '0123456789a') },
    { name: 'larger, of a GET', step: refused('GET /a', '0123456789a') },
    { name: 'as large as its own route takes', step: taken('PUT /large', 'x'.repeat(1024)) },
    { name: 'larger than its own route takes', step: refused('PUT /large', 'x'.repeat(1025)) },
    { name: 'there at all, where none is taken', step: refused('PUT /none', 'x') },
    { name: 'none, where none is taken', step: { ask: 'DELETE /none', answers: {}, expect: { asked: 1 } } },
  ])('$name', async ({ step }) => {
    await using stage = await Stage.start({ config: CONFIG });
    await stage.play([step]);
  });

  it('too large, does not purge: nothing of it was sent', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    await stage.play([
      { ask: 'GET /a', answers: fresh('old'), expect: { cacheStatus: STORED } },
      refused('PUT /a', '0123456789a'),
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60' } },
    ]);
  });

  it('too large, is not asked for: no 100 Continue, and the connection ends', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    await using client = await RawClient.connect(stage.freshet.address);
    client.send('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n');
    const answer = await client.answer();
    expect([answer?.status, answer?.informational, answer?.field('connection')]).toEqual([413, [], 'close']);
    expect(await client.closed()).toBe('end');
    expect(stage.asked).toEqual([]);
  });
});

describe('a body in chunks', () => {
  it('as large as may be is taken', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    await stage.play([taken('POST /a', '0123456789', CHUNKED)]);
    expect(stage.origin.requests[0]?.body.toString()).toBe('0123456789');
  });

  it.each(['POST', 'GET'])('that grows larger ends the exchange with the origin and the connection: %s', async (method) => {
    await using stage = await Stage.start({ config: CONFIG });
    await using client = await RawClient.connect(stage.freshet.address);
    client.send(`${method} /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n`);
    await stage.roundTrips();
    client.send('8\r\n01234567\r\n');
    const answer = await client.answer();
    expect([answer?.status, answer?.body, answer?.field('connection')]).toEqual([413, expect.stringMatching(TOO_LARGE), 'close']);
    client.send('0\r\n\r\nGET /canary HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await client.answer()).toBeUndefined();
    await stage.origin.seen(1);
    expect(stage.origin.requests.map(({ path, complete }) => [path, complete])).toEqual([['/a', false]]);
  });

  it('that grows larger counts as a write that may have happened', async () => {
    await using stage = await Stage.start({ config: CONFIG });
    await stage.play([
      { ask: 'GET /a', answers: fresh('old'), expect: { cacheStatus: STORED } },
      {
        ask: 'PUT /a',
        body: '0123456789a',
        fields: CHUNKED,
        expect: { status: 413, cacheStatus: 'fwd=method; detail=body-too-large', asked: 'unsaid' },
      },
      { ask: 'GET /a', answers: fresh('new'), expect: { body: 'new', cacheStatus: /^fwd=(uri-)?miss; / } },
      { ask: 'GET /metrics', to: 'admin', expect: { body: /^freshet_limit_reached_total\{limit="max_request_body"\} 1$/m } },
    ]);
  });

  it('that grows larger when its answer has begun cuts that', async () => {
    await using origin = await EarlyOrigin.start();
    await using freshet = await RunningFreshet.start(yamlOf({ config: CONFIG }, origin.url));
    await using client = await RawClient.connect(freshet.address);
    client.send('POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n');
    expect((await client.head())?.status).toBe(200);
    client.send('8\r\n01234567\r\n');
    expect(await client.closed()).toMatch(/end|ECONNRESET|close/);
    const { body } = await get(freshet.adminAddress, '/metrics');
    expect(body).toMatch(/^freshet_answers_cut_total\{reason="body-too-large"\} 1$/m);
    expect(body).toMatch(/^freshet_limit_reached_total\{limit="max_request_body"\} 1$/m);
  });
});

/** Begins its answer at once, and ends it when the request is whole. */
class EarlyOrigin implements AsyncDisposable {
  readonly #server = createServer();

  static async start(): Promise<EarlyOrigin> {
    const origin = new EarlyOrigin();
    origin.#server.on('request', origin.#serve).listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  readonly #serve: RequestListener = (request, response) => {
    response.write('early');
    request
      .on('error', () => undefined)
      .on('end', () => response.end())
      .resume();
  };
}
