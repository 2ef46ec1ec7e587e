// DESIGN §7: the connections of the fast path together.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { FastPath } from '../../src/proxy/fast-path.ts';
import { get } from '../security/request-row.ts';
import { SettableClock } from '../support/clock.ts';
import { LIMITS } from './listening.ts';

const nothing = (): void => undefined;

function fastPath(handle = nothing): FastPath {
  return new FastPath({
    clock: new SettableClock(),
    limits: LIMITS,
    handle,
    handOver: nothing,
    refused: nothing,
    limitReached: nothing,
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

it('takes no socket that is not as expected', () => {
  const fast = fastPath();
  expect(() => fast.take(new Socket())).not.toThrow();
  expect(fast.take(new Socket())).toBeUndefined();
  fast.close();
});
