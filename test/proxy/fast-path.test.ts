// DESIGN §7: the connections of the fast path together.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { FastPath } from '../../src/proxy/fast-path.ts';
import { SocketClient } from '../../src/proxy/socket-client.ts';
import { get } from '../security/request-row.ts';
import { RawClient } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { withReader } from '../support/reader.ts';
import { echo, LIMITS, Listening } from './listening.ts';

const nothing = (): void => undefined;

function fastPath(handle = nothing, impossible = nothing): FastPath {
  return new FastPath({
    clock: new SettableClock(),
    limits: LIMITS,
    handle,
    handOver: nothing,
    refused: nothing,
    limitReached: nothing,
    impossible,
    faulty: nothing,
  });
}

it('serves requests when all that has come is read', async () => {
  const sockets: Socket[] = [];
  const readWhenServed: number[][] = [];
  const fast = fastPath(() => readWhenServed.push(sockets.map(({ bytesRead }) => bytesRead)));
  const server = createServer((accepted) => void sockets.push(fast.take(accepted)?.socket ?? accepted)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clients = Array.from({ length: 3 }, () => connect((server.address() as AddressInfo).port, '127.0.0.1'));
  while (sockets.length < 3) await new Promise((resolve) => setImmediate(resolve));
  for (const client of clients) client.write(get());
  while (sockets.some(({ bytesRead }) => bytesRead === 0)) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(readWhenServed).toEqual(Array.from({ length: 3 }, () => Array.from({ length: 3 }, () => get().length)));
  for (const socket of [...clients, ...sockets]) socket.destroy();
  server.close();
  fast.close();
});

it('takes no socket that is not as expected, and says so once', () => {
  let said = 0;
  const fast = fastPath(nothing, () => void said++);
  expect(() => fast.take(new Socket())).not.toThrow();
  expect(fast.take(new Socket())).toBeUndefined();
  expect(said).toBe(1);
  fast.close();
});

it('is switched off for a run of the tests by FRESHET_TEST_FAST_PATH, and by nothing else', async () => {
  const readers: string[] = [];
  await using listening = await Listening.start((request, client) => {
    readers.push(client instanceof SocketClient ? 'the fast path' : 'node:http');
    echo(request, client);
  });
  await using client = await RawClient.connect(listening.address);
  client.send(get());
  await client.answer();
  expect(readers).toEqual([process.env['FRESHET_TEST_FAST_PATH'] === 'off' ? 'node:http' : 'the fast path']);
  expect(withReader('listen: 1')).toBe(process.env['FRESHET_TEST_FAST_PATH'] === 'off' ? 'listen: 1\nfast_path: false\n' : 'listen: 1');
  expect(withReader('fast_path: true')).toBe('fast_path: true');
});
