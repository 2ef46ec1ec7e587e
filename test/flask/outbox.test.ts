// The Flask shop over a real PostgreSQL: its purges are rows of the transaction that writes, and a write that bypasses it purges by a trigger.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runFreshet } from '../commands/run.ts';
import { FlaskShop, hasFlask, PYTHON, SHOP_FOLDER } from '../support/flask.ts';
import { hasPostgres, TestDatabase } from '../support/postgres.ts';

const hasDriver = spawnSync(PYTHON, ['-c', 'import psycopg2']).status === 0;
if (!hasDriver && process.env['FRESHET_NEEDS_FLASK'] !== undefined)
  throw new Error('python3-psycopg2 is not installed, and FRESHET_NEEDS_FLASK is set');

async function started(database: TestDatabase, nodes?: string): Promise<FlaskShop> {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-outbox-'));
  const config = join(folder, 'freshet.yaml');
  writeFileSync(config, `${readFileSync(join(SHOP_FOLDER, 'freshet.yaml'), 'utf8')}events: { postgres: { url: "${database.url}" } }\n`);
  try {
    return await FlaskShop.start({ config, env: { SHOP_DATABASE: database.url }, ...(nodes !== undefined && { nodeOf: () => nodes }) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function put(shop: FlaskShop, path: string, body: unknown): Promise<number> {
  const { root = '' } = await shop.tokens();
  const answer = await fetch(`${shop.url}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${root}` },
    body: JSON.stringify(body),
  });
  return answer.status;
}

async function nameOf(shop: FlaskShop, id: number): Promise<unknown> {
  const answer = await fetch(`${shop.freshet.url}/products/${id}`);
  return ((await answer.json()) as { name: unknown }).name;
}

/** What an application does with the helper and nothing else, as Python says it. */
function runPython(database: TestDatabase, lines: readonly string[]): void {
  const script = [
    'import psycopg2, sys',
    'from decimal import Decimal',
    'from freshet import Outbox',
    'db = psycopg2.connect(sys.argv[1])',
    'purges = Outbox()',
    ...lines,
  ];
  const { status, stderr } = spawnSync(PYTHON, ['-B', '-c', script.join('\n'), database.url], { cwd: SHOP_FOLDER, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}

async function isStored(shop: FlaskShop, id: number): Promise<boolean> {
  await nameOf(shop, id);
  const answer = await fetch(`${shop.freshet.url}/products/${id}`);
  return answer.headers.get('cache-status')?.startsWith('freshet; hit') ?? false;
}

async function purges(shop: FlaskShop): Promise<string> {
  return await (await fetch(`${shop.freshet.adminUrl}/v1/purges`)).text();
}

describe.skipIf(!hasFlask || !hasPostgres || !hasDriver)('examples/flask-shop over PostgreSQL', { timeout: 60_000 }, () => {
  it('purges through the outbox, and by triggers where the shop is bypassed', async () => {
    await using database = await TestDatabase.create();
    await using shop = await started(database, 'outbox');
    expect(await nameOf(shop, 1)).toBe('Assam');
    expect(await nameOf(shop, 2)).toBe('Darjeeling');
    expect(await put(shop, '/products/1', { name: 'Keemun' })).toBe(200);
    await expect.poll(() => nameOf(shop, 1), { timeout: 30_000 }).toBe('Keemun');

    await database.client.query(readFileSync(join(SHOP_FOLDER, 'outbox.sql'), 'utf8'));
    await database.client.query("UPDATE products SET name = 'Lapsang' WHERE id = 2");
    await expect.poll(() => nameOf(shop, 2), { timeout: 30_000 }).toBe('Lapsang');
  });

  it('purges every table that is written past the shop', async () => {
    await using database = await TestDatabase.create();
    await using shop = await started(database, 'outbox');
    await database.client.query(readFileSync(join(SHOP_FOLDER, 'outbox.sql'), 'utf8'));
    for (const [statement, tags] of [
      ["UPDATE products SET category = 'coffee' WHERE id = 1", ['product:1', 'products']],
      ["INSERT INTO prices VALUES (1, 'silver', 1000)", ['price:1', 'partner-prices']],
      ['UPDATE stock SET units = 7 WHERE product = 2', ['stock:2']],
      ["UPDATE users SET cents = 1 WHERE sub = 'ada'", ['user:ada:balance']],
      ["INSERT INTO orders (sub, product, units, note) VALUES ('eve', 1, 1, '')", ['user:eve:orders']],
      ["UPDATE partners SET tier = 'basic' WHERE name = 'acme'", ['partner:acme']],
    ] as const) {
      await database.client.query(statement);
      for (const tag of tags) await expect.poll(() => purges(shop), { timeout: 30_000 }).toContain(`tag=${tag}`);
    }
  });

  it('is right under traffic, but for the moment that the outbox takes (5 s are much, for a busy machine)', async () => {
    await using database = await TestDatabase.create();
    await using shop = await started(database, 'outbox');
    const env = { ...(await shop.exported()), MAY_LAG: '5s' };
    const { code, out } = await runFreshet(['validate', '--config', join(SHOP_FOLDER, 'validate.yaml')], env);
    expect(out).toContain("No read was stale, and none showed what is another's.");
    expect(code).toBe(0);
  });

  it('a write that is rolled back when it is committed leaves no purge behind', async () => {
    await using database = await TestDatabase.create();
    await using shop = await started(database, 'outbox');
    await database.client.query('ALTER TABLE products ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED');
    expect(await put(shop, '/products/1', { name: 'Sencha' })).toBe(500);
    // It had been written: the sequence, which no rollback turns back, says so.
    expect(await database.rows('SELECT is_called FROM freshet_outbox_id_seq')).toEqual([{ is_called: true }]);
    expect(await nameOf(shop, 2)).toBe('Darjeeling');
    expect(await put(shop, '/products/2', { name: 'Keemun' })).toBe(200);
    await expect.poll(() => nameOf(shop, 2), { timeout: 30_000 }).toBe('Keemun');
    const purged = await purges(shop);
    expect(purged).toContain('product:2');
    expect(purged).not.toContain('product:1');
  });

  it('carries versions, and how it is to be purged', async () => {
    await using database = await TestDatabase.create();
    await using shop = await started(database, 'outbox');
    expect([await isStored(shop, 1), await isStored(shop, 2)]).toEqual([true, true]);
    runPython(database, [
      'with purges.transaction(db):',
      '    purges.purge_after_commit("product:1", version=Decimal(2))',
      '    purges.purge_after_commit("product:2", mode="soft", settle="1ms", scopes=[{"sub": "ada"}])',
    ]);
    await expect.poll(() => purges(shop), { timeout: 30_000 }).toMatch(/"mode":"soft".*product:2|product:2.*"mode":"soft"/);
    expect([await isStored(shop, 1), await isStored(shop, 2)]).toEqual([false, true]);
    expect(await put(shop, '/products/1', { name: 'Keemun' })).toBe(200);
    await expect.poll(() => isStored(shop, 1), { timeout: 30_000 }).toBe(true);
  });

  it('what a savepoint took back is neither written nor purged', async () => {
    await using database = await TestDatabase.create();
    await using shop = await started(database, 'outbox');
    expect([await isStored(shop, 1), await isStored(shop, 2)]).toEqual([true, true]);
    runPython(database, [
      'def name(product, text):',
      '    db.cursor().execute("UPDATE products SET name = %s WHERE id = %s", (text, product))',
      '    purges.purge_after_commit(f"product:{product}")',
      'with purges.transaction(db):',
      '    try:',
      '        with purges.transaction(db):',
      '            name(1, "Keemun")',
      '            db.cursor().execute("SELECT 1 / 0")',
      '    except psycopg2.Error:',
      '        with purges.transaction(db):',
      '            name(2, "Keemun")',
    ]);
    await expect.poll(() => nameOf(shop, 2), { timeout: 30_000 }).toBe('Keemun');
    expect(await database.rows('SELECT name FROM products WHERE id = 1')).toEqual([{ name: 'Assam' }]);
    expect(await purges(shop)).not.toContain('product:1');
  });

  it('purges at its nodes, as over SQLite', async () => {
    await using database = await TestDatabase.create();
    await using shop = await started(database);
    expect(await nameOf(shop, 1)).toBe('Assam');
    expect(await put(shop, '/products/1', { name: 'Keemun' })).toBe(200);
    expect(await nameOf(shop, 1)).toBe('Keemun');
  });
});
