// `events.redis` and `events.postgres`: what is read from the file, what is refused and how, and that no password is shown.
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/config/describe.ts';
import { loadConfig } from '../../src/config/load.ts';
import { maskedConfig } from '../../src/config/mask.ts';

function load(events: unknown): ReturnType<typeof loadConfig> {
  return loadConfig({ text: JSON.stringify({ events }), env: {}, overrides: { origin: 'http://127.0.0.1:5000' } });
}

function refusal(events: unknown): string {
  try {
    load(events);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('sources of events', () => {
  it('have defaults', () => {
    const { postgres, redis } = load({ postgres: { url: 'postgres://db/shop' }, redis: { url: 'redis://127.0.0.1' } }).events;
    expect(postgres).toEqual({
      url: 'postgres://db/shop',
      schema: 'public',
      table: 'freshet_outbox',
      channel: 'freshet_outbox',
      pollMs: 1000,
      batch: 100,
    });
    expect(redis).toEqual({
      urls: ['redis://127.0.0.1'],
      db: 0,
      sharded: false,
      stream: 'freshet:events',
      group: 'freshet',
      from: 'oldest',
      batch: 100,
      deadLetters: 10_000,
    });
  });

  it('take what is written', () => {
    const tls = { servername: 'db.internal', reject_unauthorized: true };
    const { postgres, redis } = load({
      postgres: { url: 'postgresql://u:p%40@db:6432/shop', schema: 'app', table: 'outbox', channel: 'woken', poll: '250ms', batch: 7, tls },
      redis: { url: 'rediss://r', stream: 's', group: 'g', consumer: 'c', from: 'next', batch: 9, dead_letters: 3, tls },
    }).events;
    expect(postgres).toMatchObject({ schema: 'app', table: 'outbox', channel: 'woken', pollMs: 250, batch: 7, tls: { servername: 'db.internal' } });
    expect(redis).toMatchObject({
      stream: 's',
      group: 'g',
      consumer: 'c',
      from: 'next',
      batch: 9,
      deadLetters: 3,
      tls: { rejectUnauthorized: true },
    });
  });

  it.each([
    [{ postgres: {} }, 'events.postgres.url: is missing; allowed: postgres:// with a host'],
    [{ postgres: { url: 'mysql://db' } }, 'events.postgres.url: found something else (not shown); allowed: postgres://'],
    [{ postgres: { url: 'postgres://db/shop?sslmode=require' } }, 'events.postgres.url: has a query; allowed: tls'],
    [{ postgres: { url: 'postgres://u:100%@db' } }, 'events.postgres.url: has a % that begins no percent-encoding'],
    [{ postgres: { url: 'postgres://db', table: 'x'.repeat(64) } }, 'events.postgres.table: found'],
    [{ postgres: { url: 'postgres://db', poll: '0s' } }, 'events.postgres.poll: found'],
    [{ postgres: { url: 'postgres://db', tabel: 'x' } }, 'did you mean "table"?'],
    [{ redis: { url: 'redis://r', from: 'newest' } }, 'events.redis.from: found "newest"'],
    [{ redis: { url: 'redis://r', stream: 'two words' } }, 'events.redis.stream: found "two words"'],
    [{ redis: { url: ['redis://a', 'redis://b'] } }, 'events.redis.url: names 2 servers'],
    [
      { redis: { url: 'redis://a', sharded: true } },
      'events.redis.stream: found "freshet:events"; allowed with sharded: a name with its slot in braces',
    ],
    [{ redis: { url: 'rediss://a', tls: { ca: 'nowhere.pem' } } }, 'events.redis.tls.ca: found "nowhere.pem", which cannot be read'],
    [{ postgres: { url: 'postgres://a', tls: { ca: 'nowhere.pem' } } }, 'events.postgres.tls.ca: found "nowhere.pem", which cannot be read'],
  ])('%j is refused', (events, message) => {
    expect(refusal(events)).toContain(message);
  });

  it('show no password: neither in a refusal, nor in the configuration in force, nor in check', () => {
    expect(refusal({ postgres: { url: 'postgres://u:hunter2@db/shop?x=1' } })).not.toContain('hunter2');
    const config = load({ postgres: { url: 'postgres://u:hunter2@db/shop' }, redis: { url: 'redis://u:hunter2@r' } });
    const shown = JSON.stringify(maskedConfig(config)) + describeConfig(config);
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('postgres://***@db/shop');
    expect(describeConfig(config)).toMatch(
      /events +from the Redis stream freshet:events, as freshet \(r\)\n.*events +from the outbox public\.freshet_outbox in PostgreSQL \(db\/shop\)/s,
    );
  });
});
