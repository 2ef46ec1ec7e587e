// SECURITY §1, outbound: a connection to an origin on which anything was out of turn carries no other request, and nothing that came out of turn is
// taken for an answer. The pool has one connection, so that a second one is one that was not used again.
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Line } from './line.ts';
import { message } from './response-row.ts';
import type { Answering } from './wire-origin.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n';
const PRIVATE = 'Cache-Control: private';

function answer(body: string, ...fields: readonly string[]): string {
  return message('HTTP/1.1 200 OK', [PRIVATE, ...fields, `Content-Length: ${body.length}`], body);
}

const EVIL = answer('evil');

const ONE = { origin: 'connections: 1' };

interface Turn {
  readonly name: string;
  readonly request?: string;
  readonly method?: string;
  readonly answering?: Answering;
  readonly hearing?: (text: string, socket: Socket) => void;
  /** Said when the exchange is over and the connection idle. */
  readonly said?: string;
  readonly status: number;
}

/** At the first bytes of a request that is not whole. */
function early(bytes: string): (text: string, socket: Socket) => void {
  let said = false;
  return (_text, socket) => {
    if (!said) socket.write(bytes);
    said = true;
  };
}

const HALF = 'POST /a HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 100\r\n\r\nhalf';
const TOO_LARGE = message('HTTP/1.1 413 Content Too Large', ['Content-Length: 2'], 'no');

const turns: readonly Turn[] = [
  { name: 'an answer before the body was sent', request: HALF, hearing: early(TOO_LARGE), status: 413 },
  {
    name: 'an answer before the body was sent, in chunks',
    request: 'POST /a HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    hearing: early(TOO_LARGE),
    status: 413,
  },
  {
    name: 'an answer to a GET before its body was sent',
    request: 'GET /a HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 100\r\n\r\nhalf',
    hearing: early(TOO_LARGE),
    status: 413,
  },
  { name: 'a 100 that nobody asked for', answering: () => ({ bytes: message('HTTP/1.1 100 Continue', []) + answer('late') }), status: 502 },
  {
    name: 'a 101 that nobody asked for',
    answering: () => ({ bytes: message('HTTP/1.1 101 Switching Protocols', ['Connection: upgrade', 'Upgrade: x']) + EVIL }),
    status: 502,
  },
  { name: 'an answer and bytes behind it', answering: () => ({ bytes: `${answer('ok')}bytes` }), status: 200 },
  { name: 'an answer and a second one behind it', answering: () => ({ bytes: answer('ok') + EVIL }), status: 200 },
  { name: 'an answer and a second one behind it that is cut', answering: () => ({ bytes: answer('ok') + EVIL.slice(0, 20) }), status: 200 },
  { name: 'an answer with a body to HEAD', request: GET.replace('GET', 'HEAD'), method: 'HEAD', answering: () => ({ bytes: EVIL }), status: 200 },
  { name: 'a 204 with a body', answering: () => ({ bytes: message('HTTP/1.1 204 No Content', [PRIVATE]) + EVIL }), status: 204 },
  { name: 'an answer that says close', answering: () => ({ bytes: answer('ok', 'Connection: close') }), status: 200 },
  { name: 'an answer of HTTP/1.0', answering: () => ({ bytes: answer('ok').replace('HTTP/1.1', 'HTTP/1.0') }), status: 200 },
  { name: 'bytes on an idle connection', said: 'bytes', status: 200 },
  { name: 'an answer on an idle connection', said: EVIL, status: 200 },
  { name: 'half an answer on an idle connection', said: EVIL.slice(0, -2), status: 200 },
  { name: 'a 408 on an idle connection', said: message('HTTP/1.1 408 Request Timeout', ['Content-Length: 0', 'Connection: close']), status: 200 },
  { name: 'a 103 on an idle connection', said: message('HTTP/1.1 103 Early Hints', ['Link: </evil>']), status: 200 },
];

const NEXT = answer('the next');

describe('a connection to an origin carries no other request after', () => {
  it.each(turns)('$name', async ({ request = GET, method, answering, hearing, said, status }) => {
    await using line = await Line.start(ONE);
    const { origin } = line;
    origin.answering = answering ?? (() => ({ bytes: answer('ok') }));
    if (hearing !== undefined) origin.hearing = hearing;
    expect((await line.ask(request, method))?.status).toBe(status);
    if (said !== undefined) origin.say(said);
    await line.roundTrips();
    origin.answering = () => ({ bytes: NEXT });
    expect(await line.ask(GET)).toMatchObject({ status: 200, body: 'the next', informational: [] });
    expect([origin.connections, origin.requests.at(-1)?.connection]).toEqual([2, 2]);
  });

  it('a 304 with a body', async () => {
    await using line = await Line.start({ ...ONE, config: 'routes: [{ path: /a, pass: true }]' });
    const { origin } = line;
    origin.answering = () => ({ bytes: message('HTTP/1.1 304 Not Modified', ['ETag: "a"', 'Content-Length: 4']) + EVIL });
    expect((await line.ask(GET.replace('\r\n\r\n', '\r\nIf-None-Match: "a"\r\n\r\n')))?.status).toBe(304);
    await line.roundTrips();
    origin.answering = () => ({ bytes: NEXT });
    expect((await line.ask(GET))?.body).toBe('the next');
    expect([origin.connections, origin.requests.at(-1)?.connection]).toEqual([2, 2]);
  });
});

describe('a connection to an origin', () => {
  it('is used again after an answer that ends where it says', async () => {
    await using line = await Line.start(ONE);
    for (const bytes of [answer('one'), message('HTTP/1.1 200 OK', [PRIVATE, 'Transfer-Encoding: chunked'], '1\r\nx\r\n0\r\nX-T: 1\r\n\r\n')]) {
      line.origin.answering = () => ({ bytes });
      expect((await line.ask(GET))?.status).toBe(200);
    }
    expect(line.origin.connections).toBe(1);
    expect(line.origin.faults).toEqual([]);
  });

  it('gives who waits for it no answer that came behind another', async () => {
    await using line = await Line.start(ONE);
    let nth = 0;
    line.origin.answering = () => ({ bytes: ++nth === 1 ? answer('first') + EVIL : answer(`answer ${nth}`) });
    const asked = [1, 2, 3, 4].map((i) => line.ask(GET.replace('/a', `/${i}`)));
    const bodies = (await Promise.all(asked)).map((given) => given?.body);
    expect(new Set(bodies)).toEqual(new Set(['answer 2', 'answer 3', 'answer 4', 'first']));
  });

  it('gives nobody an answer that came just before the request', async () => {
    await using line = await Line.start(ONE);
    for (let i = 0; i < 100; i++) {
      line.origin.answering = () => ({ bytes: answer(`answer ${i}`) });
      expect((await line.ask(GET))?.body).toBe(`answer ${i}`);
      line.origin.say(EVIL);
    }
  });
});
