// The demo: a shop's API over a real database, Freshet in front of it, and a walk through what that changes. Serves on until Ctrl-C.
// `--once` ends after the walk (exit 0 only if every claim held); `--port N` fixes Freshet's port.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type FreshetChild, startFreshet } from '../../test/support/child-process.ts';
import { ShopDatabase } from './database.ts';
import { purgeThrough } from './purging.ts';
import { Shop } from './shop.ts';
import { bold, Stage } from './stage.ts';
import { walk } from './walk.ts';

const CONFIG = fileURLToPath(new URL('./freshet.yaml', import.meta.url));

const { values: options } = parseArgs({ options: { once: { type: 'boolean', default: false }, port: { type: 'string' } } });
const interrupted = Promise.withResolvers<void>();
let walking = true;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // During the walk there is nothing to finish: the exit handlers end the child and remove the files.
  process.on(signal, () => (walking ? process.exit(1) : interrupted.resolve()));
}
process.exitCode = await run().catch((error: unknown) => {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

async function run(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-demo-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  using db = new ShopDatabase(join(folder, 'shop.sqlite'));
  const shop = new Shop(db);
  const shopUrl = await shop.listen();
  try {
    await using freshet = await startFreshet({
      args: ['--config', CONFIG],
      env: { ...process.env, SHOP_URL: shopUrl },
      ...(options.port === undefined ? {} : { port: Number(options.port) }),
    });
    shop.purgeTags = purgeThrough(freshet.adminUrl);
    return await present(new Stage({ shop, freshetUrl: freshet.url, shopUrl }), { freshet, db });
  } finally {
    await shop.close();
  }
}

async function present(stage: Stage, parts: { readonly freshet: FreshetChild; readonly db: ShopDatabase }): Promise<number> {
  console.log(`A shop (node:http, node:sqlite) at ${stage.shopUrl}, Freshet in front of it at ${stage.freshetUrl}.`);
  try {
    await walk(stage, parts.db);
  } catch (error) {
    console.error(parts.freshet.output());
    throw error;
  }
  printSummary(stage);
  if (options.once) return 0;
  walking = false;
  console.log(`\nStill serving; Ctrl-C ends it. Try:
  curl -i ${stage.freshetUrl}/products/1                                       # twice, and read Cache-Status
  curl -X PUT -d '{"cents":1}' ${stage.shopUrl}/products/1                      # the shop commits and purges
  curl -i -X PURGE -H 'Surrogate-Key: product:1' ${parts.freshet.adminUrl}/     # or purge yourself
  curl -s ${parts.freshet.adminUrl}/metrics | grep freshet_`);
  await interrupted.promise;
  return 0;
}

function printSummary(stage: Stage): void {
  const width = Math.max(...stage.results.map((result) => result.title.length));
  console.log(`\n${bold('Summary')}\n   ${'step'.padEnd(width + 3)}shop asked  what Freshet said`);
  stage.results.forEach((result, index) => {
    console.log(`   ${index + 1}. ${result.title.padEnd(width)}${result.originRequests.toString().padStart(8)}     ${result.seen}`);
  });
  console.log(`\n   Every claim held. A purge that is confirmed is kept: nothing older is served again.`);
}
