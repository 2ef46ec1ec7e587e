// The outbox in a real PostgreSQL: nothing is passed over, deleted too early or read by two, and every trouble is said and survived.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Outbox, type OutboxSettings } from '../../src/events/outbox.ts';
import { outboxSql } from '../../src/events/outbox-sql.ts';
import type { EventRule } from '../../src/events/rules.ts';
import { parseTemplate, TAG_LITERAL } from '../../src/events/template.ts';
import { hasPostgres, TestDatabase } from '../support/postgres.ts';
import { Desk } from './desk.ts';

const POLL_MS = 50;
const NEVER_MS = 3_600_000;

const NAMES = { schema: 'public', table: 'freshet_outbox', channel: 'freshet_outbox' };

interface Started {
  readonly desk: Desk;
  readonly outbox: Outbox;
}

interface Wanted {
  readonly held?: Promise<void>;
  readonly settings?: Partial<OutboxSettings>;
  readonly rules?: readonly EventRule[];
  readonly sharesPurges?: boolean;
}

let database: TestDatabase;

if (hasPostgres) {
  beforeAll(async () => {
    database = await TestDatabase.create({ bare: true });
  });
  afterAll(() => database[Symbol.asyncDispose]());
}

/** With an outbox that nobody has read. */
async function emptied(): Promise<TestDatabase> {
  await database.client.query('DROP TABLE IF EXISTS freshet_outbox');
  await database.client.query(outboxSql(NAMES));
  return database;
}

/** On the outbox as it is. */
async function opened({ settings = {}, rules = [], sharesPurges = true, held }: Wanted = {}): Promise<Started> {
  const desk = new Desk(rules);
  desk.held = held;
  const outbox = new Outbox({
    settings: { url: database.url, ...NAMES, pollMs: POLL_MS, batch: 100, ...settings },
    intake: desk.intake,
    log: desk.log,
    clock: systemClock,
    random: () => 0,
    sharesPurges,
  });
  await outbox.open();
  onTestFinished(() => outbox.close());
  return { desk, outbox };
}

async function started(wanted: Wanted = {}): Promise<Started> {
  await emptied();
  return opened(wanted);
}

/** Of the table: what is acknowledged is not there any more. */
async function untilWaiting(count: number): Promise<void> {
  for (;;) {
    const [found] = await database.rows('SELECT count(*)::int AS count FROM freshet_outbox WHERE failed_at IS NULL');
    if (found?.['count'] === count) return;
  }
}

function ruleOf(on: string, purge: string): EventRule {
  const parsed = parseTemplate(purge, TAG_LITERAL);
  if (parsed.kind !== 'template') throw new Error(purge);
  return { name: 'rule', on: [on], purge: [parsed.template], scopes: [], mode: 'hard', settleMs: 0 };
}

const READS = /this node reads the outbox/;

describe.skipIf(!hasPostgres)('the outbox in PostgreSQL', () => {
  it('purges what was committed, and deletes the row then', async () => {
    const { desk } = await started();
    await database.rows("SELECT freshet_purge('product:1', 'category:7', NULL)");
    await desk.untilPurged(1);
    expect(desk.purged).toEqual(['category:7 product:1']);
    await untilWaiting(0);
  });

  it('is woken by the notification: no look is due for an hour', async () => {
    const { desk } = await started({ settings: { pollMs: NEVER_MS } });
    await desk.untilSaid(READS);
    await database.rows("SELECT freshet_purge('a')");
    await desk.untilPurged(1);
    await database.rows("SELECT freshet_purge('b')");
    await desk.untilPurged(2);
  });

  it('looks by itself where nobody notifies', async () => {
    const { desk } = await started();
    await desk.untilSaid(READS);
    await database.rows("INSERT INTO freshet_outbox (tags) VALUES (ARRAY['quiet'])");
    await desk.untilPurged(1);
  });

  it('purges nothing of a transaction that is rolled back, nor before the commit of one that is not', async () => {
    const { desk } = await started();
    await database.rows('BEGIN');
    await database.rows("SELECT freshet_purge('never')");
    await database.rows('ROLLBACK');
    const open = await database.connect();
    await open.query('BEGIN');
    await open.query("SELECT freshet_purge('late')");
    await database.rows("SELECT freshet_purge('first')");
    await desk.untilPurged(1);
    expect(desk.purged).toEqual(['first']);
    await open.query('COMMIT');
    await open.end();
    await desk.untilPurged(2);
    expect(desk.purged).toEqual(['first', 'late']);
  });

  it('finds a row whose number is smaller than those that were read and deleted long ago', async () => {
    const { desk } = await started({ settings: { batch: 2 } });
    const open = await database.connect();
    await open.query('BEGIN');
    await open.query("SELECT freshet_purge('smallest')");
    for (let n = 0; n < 10; n++) await database.rows("SELECT freshet_purge('n' || $1::text)", [n]);
    await desk.untilPurged(10);
    await untilWaiting(0);
    await open.query('COMMIT');
    await open.end();
    await desk.untilPurged(11);
    expect(desk.purged.at(-1)).toBe('smallest');
  });

  it('takes no row for the one that had its number before the table was emptied', async () => {
    const { desk } = await started();
    const confirmed = Promise.withResolvers<void>();
    desk.held = confirmed.promise;
    await database.rows('TRUNCATE freshet_outbox RESTART IDENTITY');
    await database.rows("SELECT freshet_purge('old')");
    while (desk.intake.inFlight < 1) await database.rows('SELECT 1');
    await database.rows('TRUNCATE freshet_outbox RESTART IDENTITY');
    await database.rows("SELECT freshet_purge('new')");
    confirmed.resolve();
    await desk.untilPurged(2);
    expect(desk.purged).toEqual(['old', 'new']);
    await untilWaiting(0);
  });

  it('reads again at once what it could not read, and says that it can only then', async () => {
    const { desk } = await started({ settings: { pollMs: 60_000 } });
    await desk.untilSaid(READS);
    await database.rows("SELECT freshet_purge('before')");
    await desk.untilPurged(1);
    await database.rows('ALTER TABLE freshet_outbox RENAME TO away');
    await database.rows('NOTIFY freshet_outbox');
    await desk.untilSaid(/cannot be read/);
    await database.rows("INSERT INTO away (tags) VALUES (ARRAY['late'])");
    await database.rows('ALTER TABLE away RENAME TO freshet_outbox');
    await desk.untilPurged(2);
    const turns = desk.said.map(({ message }) => /cannot be read|is read again/.exec(message)?.[0]).filter((turn) => turn !== undefined);
    expect(turns).toEqual(['cannot be read', 'is read again']);
  });

  it('keeps a row until its purge is confirmed', async () => {
    const { desk, outbox } = await started();
    const confirmed = Promise.withResolvers<void>();
    desk.held = confirmed.promise;
    await database.rows("SELECT freshet_purge('held')");
    await database.rows("SELECT freshet_purge('too')");
    await untilWaiting(2);
    while (desk.intake.inFlight < 2) await database.rows('SELECT 1');
    expect(await database.rows('SELECT id FROM freshet_outbox')).toHaveLength(2);
    expect(outbox.isReading).toBe(true);
    confirmed.resolve();
    await untilWaiting(0);
    expect(desk.purged.toSorted()).toEqual(['held', 'too']);
  });

  it('reads a backlog of thousands in batches, each row once, and many tags of one call in rows that fit into a purge', async () => {
    await emptied();
    await database.rows("INSERT INTO freshet_outbox (tags) SELECT ARRAY['n' || n] FROM generate_series(1, 3000) AS n");
    await database.rows("SELECT freshet_purge(VARIADIC array_agg('m' || n)) FROM generate_series(1, 1000) AS n");
    const { desk } = await opened();
    await desk.untilPurged(3020);
    await untilWaiting(0);
    expect(desk.purged.slice(0, 3000)).toEqual(Array.from({ length: 3000 }, (_, n) => `n${n + 1}`));
    expect(new Set(desk.purged.slice(3000).flatMap((tags) => tags.split(' '))).size).toBe(1000);
    expect(desk.purged).toHaveLength(3020);
  });

  it('keeps the order of a subject although its purges are slow', async () => {
    await emptied();
    for (let n = 0; n < 50; n++)
      await database.rows("SELECT freshet_event('order.updated', $1, jsonb_build_object('n', $2::text))", [`s${n % 2}`, `${n % 2}-${n}`]);
    const { desk } = await opened({ rules: [ruleOf('order.*', '{n}')] });
    await desk.untilPurged(50);
    for (const subject of ['0', '1']) {
      const numbers = desk.purged.filter((tag) => tag.startsWith(`${subject}-`)).map((tag) => Number(tag.slice(2)));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  it('sets aside what cannot be purged, lists it with the reason, and takes it again when told', async () => {
    const { desk, outbox } = await started();
    await database.rows("INSERT INTO freshet_outbox (tags) VALUES (ARRAY['two words'])");
    await database.rows('INSERT INTO freshet_outbox (subject) VALUES (NULL)');
    await database.rows("INSERT INTO freshet_outbox (type, data) VALUES ('big', to_jsonb(repeat('x', 100000)))");
    await database.rows("SELECT freshet_purge('fine')");
    await desk.untilPurged(1);
    await untilWaiting(0);
    const letters = await outbox.deadLetters(10, 'newest');
    expect(letters.map(({ why }) => why.join())).toEqual([
      expect.stringContaining('100005 bytes'),
      expect.stringContaining('neither tags nor a type'),
      expect.stringContaining('"two words" is not one'),
    ]);
    const id = letters.at(-1)?.id ?? '';
    expect(await outbox.replay(id)).toMatchObject({ kind: 'rejected' });
    expect(await outbox.deadLetters(10, 'newest')).toHaveLength(3);
    await database.rows("UPDATE freshet_outbox SET tags = ARRAY['one-word'] WHERE id = $1", [id]);
    expect(await outbox.replay(id)).toMatchObject({ kind: 'purged' });
    expect(desk.purged.at(-1)).toBe('one-word');
    expect(await outbox.deadLetters(10, 'newest')).toHaveLength(2);
    expect(await outbox.replay(id)).toBeUndefined();
    expect(await outbox.replay('nonsense')).toBeUndefined();
  });

  it('writes a reason in any encoding: what is set aside keeps nothing waiting', async () => {
    await using latin = await TestDatabase.create({ more: "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0" });
    const { desk } = await opened({ settings: { url: latin.url } });
    await latin.client.query('SELECT freshet_purge($1)', [`no tag ${'x'.repeat(100)}`]);
    await desk.untilSaid(/was rejected/);
    await latin.client.query("SELECT freshet_purge('good')");
    await desk.untilPurged(1);
    expect(desk.purged).toEqual(['good']);
    for (;;) {
      const rows = await latin.rows('SELECT failure FROM freshet_outbox');
      if (rows.length === 1 && rows[0]?.['failure'] !== null) {
        expect(rows[0]?.['failure']).toMatch(/x\.\.\. is not one/);
        return;
      }
    }
  });

  it('reads no row whole that is too large in whatever it has', async () => {
    const { outbox } = await started();
    await database.client.query("INSERT INTO freshet_outbox (type, data, tags) VALUES ('a', '{}', array_fill(NULL::text, ARRAY[70000]))");
    await database.client.query("INSERT INTO freshet_outbox (type, subject) VALUES ('a', repeat('s', 70000))");
    await untilWaiting(0);
    const letters = await outbox.deadLetters(10, 'newest');
    expect(letters.map(({ why }) => why.join())).toEqual([expect.stringContaining('70001 bytes'), expect.stringMatching(/1\d{5} bytes/)]);
  });

  it('takes a row of no time as any other: it keeps nothing waiting', async () => {
    const { desk, outbox } = await started();
    await database.client.query("INSERT INTO freshet_outbox (tags, created_at) VALUES (ARRAY['timeless'], 'infinity')");
    await database.client.query("INSERT INTO freshet_outbox (tags, created_at) VALUES (ARRAY['late'], '294276-12-31')");
    await database.client.query("INSERT INTO freshet_outbox (tags) VALUES (ARRAY['behind'])");
    await desk.untilPurged(3);
    expect(desk.purged.toSorted()).toEqual(['behind', 'late', 'timeless']);
    await untilWaiting(0);
    expect(outbox.isReading).toBe(true);
  });

  it('goes on after its session was ended by the server, and says both once', async () => {
    const { desk } = await started();
    await desk.untilSaid(READS);
    await database.cut();
    await desk.untilSaid(/cannot be read: .*terminating connection/);
    await database.rows("SELECT freshet_purge('after')");
    await desk.untilPurged(1);
    await desk.untilSaid(/is read again/);
    expect(desk.said.filter(({ message }) => message.includes('cannot be read'))).toHaveLength(1);
  });

  it('acknowledges in a new session what was confirmed after the old one ended', async () => {
    const { desk } = await started();
    const confirmed = Promise.withResolvers<void>();
    desk.held = confirmed.promise;
    await database.rows("SELECT freshet_purge('held')");
    while (desk.intake.inFlight < 1) await database.rows('SELECT 1');
    await database.cut();
    await desk.untilSaid(/is read again/);
    confirmed.resolve();
    await untilWaiting(0);
    expect(desk.purged).toEqual(['held']);
  });

  it.each([
    ['the table is missing', 'DROP TABLE freshet_outbox', /relation .*freshet_outbox.* does not exist.*freshet outbox sql/],
    [
      'a column is missing',
      'ALTER TABLE freshet_outbox DROP COLUMN failure, DROP COLUMN subject',
      /column .*subject.* does not exist.*freshet outbox sql/,
    ],
  ])('says what prints the table where %s, and reads as soon as it is there', async (_, fault, words) => {
    await emptied();
    await database.rows(fault);
    const { desk } = await opened();
    await desk.untilSaid(words);
    await database.client.query(outboxSql(NAMES));
    await database.rows("SELECT freshet_purge('there')");
    await desk.untilPurged(1);
  });

  it('is read by one of two nodes, and by the other when that one goes', async () => {
    await emptied();
    const first = await opened();
    await first.desk.untilSaid(READS);
    const second = await opened();
    await second.desk.untilSaid(/another node reads the outbox: this one stands by/);
    await database.rows("SELECT freshet_purge('a')");
    await first.desk.untilPurged(1);
    expect(second.outbox.isReading).toBe(false);
    await first.outbox.close();
    await database.rows("SELECT freshet_purge('b')");
    await second.desk.untilPurged(1);
    expect([first.desk.purged, second.desk.purged]).toEqual([['a'], ['b']]);
  });

  it('warns where the other one purges nothing here', async () => {
    await emptied();
    const first = await opened();
    await first.desk.untilSaid(READS);
    const second = await opened({ sharesPurges: false });
    await second.desk.untilSaid(/without redis its purges do not reach this node/);
  });

  it('tells how much waits and since when', async () => {
    await emptied();
    await database.rows("INSERT INTO freshet_outbox (tags, created_at) VALUES (ARRAY['old'], now() - interval '1 hour'), (ARRAY['new'], now())");
    await database.rows("INSERT INTO freshet_outbox (tags, failed_at) VALUES (ARRAY['failed'], now())");
    const held = Promise.withResolvers<void>();
    const { outbox } = await opened({ held: held.promise });
    while (outbox.backlog === undefined) await database.rows('SELECT 1');
    expect(outbox.backlog.waiting).toBe(2);
    expect(outbox.backlog.oldestMs).toBeGreaterThanOrEqual(3_600_000);
    expect(outbox.deadCount).toBe(1);
    held.resolve();
    await outbox.close();
    expect(await database.rows('SELECT id FROM freshet_outbox WHERE failed_at IS NULL')).toEqual([]);
  });
});
