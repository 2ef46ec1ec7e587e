// Who a session of PostgreSQL says it is, to a server that hears no more than that.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { PostgresSession } from '../../src/events/postgres-session.ts';

/** The fields of the startup message. */
async function startedAs(user: string): Promise<Readonly<Record<string, string>>> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const heard = new Promise<Buffer>((resolve) =>
    server.once('connection', (socket) =>
      socket.once('data', (message: Buffer) => {
        resolve(message);
        socket.destroy();
      }),
    ),
  );
  const opened = PostgresSession.open({ url: `postgres://${user}127.0.0.1:${(server.address() as AddressInfo).port}/shop` });
  await expect(opened).rejects.toThrow();
  server.close();
  const words = (await heard).subarray(8).toString().split('\0');
  return Object.fromEntries(words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1] ?? '']] : [])));
}

it('who the URL names, or as psql does whoever runs it', async () => {
  expect(await startedAs('freshet@')).toMatchObject({ user: 'freshet', database: 'shop' });
  expect(await startedAs('')).toMatchObject({ user: userInfo().username, database: 'shop' });
});
