// What `freshet outbox sql` prints, run by a real PostgreSQL: which writes leave which rows.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outboxSql } from '../../src/events/outbox-sql.ts';
import { hasPostgres, TestDatabase } from '../support/postgres.ts';

const NAMES = { schema: 'public', table: 'freshet_outbox', channel: 'freshet_outbox' };

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

describe('the SQL of the outbox', () => {
  it('is one text for one set of names, and says where what is', () => {
    const text = outboxSql(NAMES);
    expect(text).toContain('CREATE TABLE IF NOT EXISTS "public"."freshet_outbox" (');
    expect(text).not.toMatch(/<<\w+>>/);
  });
});

describe.skipIf(!hasPostgres)('in PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await TestDatabase.create();
    await database.client.query(`
      CREATE TABLE products (id int, category_id int, name text);
      CREATE TRIGGER purge AFTER INSERT OR UPDATE OR DELETE ON products
        FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('product:{id}', 'category:{category_id}:product:{id}', 'products');
      CREATE TRIGGER emptied AFTER TRUNCATE ON products FOR EACH STATEMENT EXECUTE FUNCTION freshet_purge_row('products');
    `);
  });
  beforeEach(async () => {
    await database.client.query('DELETE FROM products; DELETE FROM freshet_outbox');
  });
  afterAll(() => database[Symbol.asyncDispose]());

  /** The tags of each row that `text` leaves, in the order of rows. */
  async function left(text: string): Promise<readonly unknown[]> {
    await database.client.query('DELETE FROM freshet_outbox');
    await database.client.query(text);
    return (await database.rows('SELECT tags FROM freshet_outbox ORDER BY id')).map((row) => (row['tags'] as string[]).toSorted());
  }

  it.each([
    ['an insert', '', "INSERT INTO products VALUES (1, 7, 'x')", [['category:7:product:1', 'product:1', 'products']]],
    ['a NULL names nothing', '', "INSERT INTO products VALUES (1, NULL, 'x')", [['product:1', 'products']]],
    ['an update', '(1, 7)', "UPDATE products SET name = 'y'", [['category:7:product:1', 'product:1', 'products']]],
    [
      'an update of the key',
      '(1, 7)',
      'UPDATE products SET id = 2, category_id = 8',
      [['category:7:product:1', 'category:8:product:2', 'product:1', 'product:2', 'products']],
    ],
    ['a delete', '(1, 7)', 'DELETE FROM products', [['category:7:product:1', 'product:1', 'products']]],
    ['a truncate', '(1, 7)', 'TRUNCATE products', [['products']]],
    ['an update of no row', '(1, 7)', "UPDATE products SET name = 'y' WHERE id = 99", []],
    ['the function, a tag named twice', '', "SELECT freshet_purge('b', 'a', 'b')", [['a', 'b']]],
    ['the function with nothing but NULL', '', "SELECT freshet_purge(NULL, 'a' || NULL)", []],
  ])('%s', async (_, rows, text, expected) => {
    if (rows !== '') await database.client.query(`INSERT INTO products (id, category_id) VALUES ${rows}`);
    expect(await left(text)).toEqual(expected);
  });

  it('does not expand what stands in a value', async () => {
    await database.client.query(`
      CREATE TABLE notes (id text, name text);
      CREATE TRIGGER purge AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('note:{id}:{name}');
    `);
    expect(await left("INSERT INTO notes VALUES ('{name}', 'n')")).toEqual([['note:{name}:n']]);
  });

  it.each([
    ["'x:{nope}'", /trigger purge on public\.bad: the tag x:\{nope\} names the column "nope"/],
    ['', /names no tag/],
    ["''", /found the tag ""; allowed: text with columns in braces/],
    ["'x:{id'", /found the tag "x:\{id"; allowed/],
  ])('refuses a trigger with (%s) at the first write', async (tags, message) => {
    await database.client.query('DROP TABLE IF EXISTS bad; CREATE TABLE bad (id int)');
    await database.client.query(`CREATE TRIGGER purge AFTER INSERT ON bad FOR EACH ROW EXECUTE FUNCTION freshet_purge_row(${tags})`);
    await expect(database.client.query('INSERT INTO bad VALUES (1)')).rejects.toThrow(message);
  });

  it('refuses to be a trigger that would keep the row from being written', async () => {
    await database.client.query('DROP TABLE IF EXISTS bad; CREATE TABLE bad (id int)');
    await database.client.query("CREATE TRIGGER purge BEFORE INSERT ON bad FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('x:{id}')");
    await expect(database.client.query('INSERT INTO bad VALUES (1)')).rejects.toThrow(
      /trigger purge on public\.bad is a trigger BEFORE; AFTER is allowed/,
    );
  });

  it('keeps an event, and none without a type', async () => {
    await database.client.query(`SELECT freshet_event('order.updated', '42', '{"id": 42}')`);
    await database.client.query("SELECT freshet_event('order.updated', NULL)");
    expect(await database.rows('SELECT type, subject, data FROM freshet_outbox ORDER BY id')).toEqual([
      { type: 'order.updated', subject: '42', data: { id: 42 } },
      { type: 'order.updated', subject: null, data: {} },
    ]);
    await expect(database.client.query("SELECT freshet_event(NULL, '1')")).rejects.toThrow(/the type is missing/);
  });

  it('says nothing where all went well, at first or again, and leaves the messages of the session as they were', async () => {
    await using bare = await TestDatabase.create({ bare: true });
    const told: (string | undefined)[] = [];
    bare.client.on('notice', (notice) => told.push(notice.message));
    await bare.client.query(outboxSql(NAMES));
    await bare.client.query(outboxSql(NAMES));
    expect(told).toEqual([]);
    expect(await bare.rows('SHOW client_min_messages')).toEqual([{ client_min_messages: 'notice' }]);
  });

  it('may be run again, and completes an older table', async () => {
    await database.client.query("SELECT freshet_purge('kept')");
    await database.client.query('ALTER TABLE freshet_outbox DROP COLUMN failure');
    await database.client.query(outboxSql(NAMES));
    expect(await database.rows('SELECT tags, failure FROM freshet_outbox')).toEqual([{ tags: ['kept'], failure: null }]);
  });

  it.each([
    ['with quotes and backslashes', { schema: 'a"b', table: `o'b\\x"`, channel: `c'h\\"` }],
    ['that would end the bodies of functions', { schema: 'x$freshet$y', table: '$freshet_$', channel: '$freshet$' }],
    ['that look like places to fill in', { schema: 'schema', table: '<<channel>>', channel: '<<table>>' }],
    ['as long as they may be', { schema: 's'.repeat(63), table: 'ü'.repeat(31), channel: 'c'.repeat(63) }],
  ])('quotes names %s', async (_, names) => {
    await database.client.query(`CREATE SCHEMA ${quoted(names.schema)}`);
    await database.client.query(outboxSql(names));
    await database.client.query(outboxSql(names));
    const heard = Promise.withResolvers<string>();
    database.client.once('notification', ({ channel }) => heard.resolve(channel));
    await database.client.query(`LISTEN ${quoted(names.channel)}`);
    await database.client.query(`SELECT ${quoted(names.schema)}.freshet_purge('a')`);
    expect(await database.rows(`SELECT tags FROM ${quoted(names.schema)}.${quoted(names.table)}`)).toEqual([{ tags: ['a'] }]);
    expect(await heard.promise).toBe(names.channel);
  });
});
