// How sources reach their servers: over TLS, by Sentinels, and at the node of a Redis Cluster that has the slot; all of them real.
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Outbox } from '../../src/events/outbox.ts';
import type { PostgresTarget } from '../../src/events/postgres-session.ts';
import { CertificateAuthority } from '../support/certificate.ts';
import { hasPostgres, TestDatabase } from '../support/postgres.ts';
import { noPostgresServer, PostgresServer } from '../support/postgres-server.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { clusterFor, sentinelOf } from '../support/redis-topologies.ts';
import { Desk } from './desk.ts';
import { streamed } from './streamed.ts';

const STREAM = '{shop}:events';
const OUTBOX = { schema: 'public', table: 'freshet_outbox', channel: 'freshet_outbox', pollMs: 50, batch: 100 };

async function outboxAt(target: PostgresTarget): Promise<Desk> {
  const desk = new Desk();
  const outbox = new Outbox({
    settings: { ...OUTBOX, ...target },
    intake: desk.intake,
    log: desk.log,
    clock: systemClock,
    random: () => 0,
    sharesPurges: true,
  });
  await outbox.open();
  onTestFinished(() => outbox.close());
  return desk;
}

describe.skipIf(!hasRedis)('the stream of events is read', () => {
  it('over TLS, from a server that the CA vouches for, and from no other', async () => {
    const authority = new CertificateAuthority();
    const { cert, key } = authority.issue('127.0.0.1');
    const files = { 'redis.crt': cert, 'redis.key': key, 'ca.crt': authority.cert };
    const settings = ['--tls-cert-file', 'redis.crt', '--tls-key-file', 'redis.key', '--tls-ca-cert-file', 'ca.crt', '--tls-auth-clients', 'no'];
    await using server = await RedisServer.start(settings, { files, ca: authority.cert });
    const { desk } = await streamed(server, { stream: STREAM, tls: { ca: authority.cert, rejectUnauthorized: true } });
    await server.client.call('XADD', STREAM, '*', 'tags', 'a');
    await desk.untilPurged(1);
    const { desk: wary } = await streamed(server, {
      stream: STREAM,
      tls: { ca: new CertificateAuthority('Another').cert, rejectUnauthorized: true },
    });
    await wary.untilSaid(/cannot be read.*certificate/);
    expect(wary.purged).toEqual([]);
  });

  it('from the primary that Sentinels know, and after a failover from the next', async () => {
    await using primary = await RedisServer.start();
    await using replica = await RedisServer.start();
    await replica.replicate(primary.port);
    await using sentinel = await sentinelOf(primary);
    const { desk } = await streamed(sentinel, { stream: STREAM, sentinel: { name: 'main' } });
    await primary.client.call('XADD', STREAM, '*', 'tags', 'before');
    await desk.untilPurged(1);
    while (!/slaves=1/.test(await sentinel.client.info('sentinel')));
    await primary.kill();
    await desk.untilSaid(/cannot be read/);
    while (!/role:master/.test(await replica.client.info('replication')));
    await replica.client.call('XADD', STREAM, '*', 'tags', 'after');
    await desk.until(({ purged }) => purged.includes('after'));
  });

  it('at the node of a Redis Cluster that has its slot', async () => {
    await using cluster = await clusterFor(STREAM);
    const { first, second } = cluster;
    const { desk } = await streamed(first, { stream: STREAM, sharded: true });
    await second.client.call('XADD', STREAM, '*', 'tags', 'a');
    await second.client.call('XADD', STREAM, '*', 'what', 'nobody knows');
    await desk.untilPurged(1);
    while (Number(await second.client.call('XLEN', `${STREAM}:freshet:dead`)) === 0);
  });
});

describe.skipIf(!hasPostgres || noPostgresServer !== undefined)('the outbox is read', () => {
  it('over TLS, from a server of the name that was asked for, and from no other', async () => {
    const authority = new CertificateAuthority();
    await using server = await PostgresServer.start({ tls: authority.issue('db.internal') });
    await using database = await TestDatabase.create({ server: server.url });
    const { url } = database;
    const desk = await outboxAt({ url, tls: { ca: authority.cert, servername: 'db.internal', rejectUnauthorized: true } });
    await database.client.query("SELECT freshet_purge('a')");
    await desk.untilPurged(1);
    const [session] = await database.rows("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'freshet'");
    expect(session).toEqual({ ssl: true });
    const tls = { ca: authority.cert, rejectUnauthorized: true };
    const misled = await outboxAt({ url, tls: { ...tls, servername: 'another.internal' } });
    await misled.untilSaid(/cannot be read.*another\.internal/);
    const wary = await outboxAt({ url, tls: { ...tls, ca: new CertificateAuthority('Another').cert, servername: 'db.internal' } });
    await wary.untilSaid(/cannot be read.*certificate/);
  });
});
