// The page docs/demo-map.md: the map of the demo's configuration alone, and that of a run of the shop by a script, in which every instant is the script's.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startFreshet } from '../../src/app.ts';
import { formatListen } from '../../src/config/address.ts';
import type { ListenAddress } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { mapDot } from '../../src/map/dot.ts';
import { type InvalidationMap, invalidationMap, MAP } from '../../src/map/map.ts';
import { mapText } from '../../src/map/text.ts';
import { SettableClock } from '../../test/support/clock.ts';
import { ShopDatabase } from './database.ts';
import { type AskOptions, ask } from './exchange.ts';
import { purgeThrough } from './purging.ts';
import { Shop } from './shop.ts';

const CONFIG = fileURLToPath(new URL('./freshet.yaml', import.meta.url));
const ADA: AskOptions = { headers: { Authorization: 'Bearer token-of-ada' } };
const BOB: AskOptions = { headers: { Authorization: 'Bearer token-of-bob' } };
const START = Date.UTC(2026, 0, 1, 9);
const WATCHED_MS = 3_600_000;

/** Whom it is said to, and what. */
type Turn = readonly [to: 'freshet' | 'shop', path: string, options?: AskOptions];

/** Customers read; the back office sets prices and adds goods at the shop, which purges; Ada orders through Freshet. */
const TURNS: readonly Turn[] = [
  ...Array.from({ length: 8 }, (_, i): Turn => ['freshet', `/products/${i + 1}`]),
  ['freshet', '/products/1'],
  ['freshet', '/products?category=tea'],
  ['freshet', '/products?category=coffee'],
  ['freshet', '/categories'],
  ['freshet', '/stock/3'],
  ['freshet', '/stock/6'],
  ['freshet', '/bestsellers'],
  ['freshet', '/me/orders', ADA],
  ['freshet', '/me/orders', BOB],
  ['shop', '/products/1', { method: 'PUT', json: { cents: 1190 } }],
  ['shop', '/products/2', { method: 'PUT', json: { cents: 890 } }],
  ['freshet', '/products/1'],
  ['shop', '/products', { method: 'POST', json: { name: 'Matcha', category: 'tea', cents: 2400 } }],
  ['freshet', '/products/6/orders', { ...ADA, method: 'POST', json: { quantity: 2 } }],
  ['freshet', '/stock/6'],
  ['freshet', '/me/orders', ADA],
];

/** What a job of the shop purges where it should purge `product:…`. */
const MISSPELT = 'prodcut:4';

export async function demoMapPage(): Promise<string> {
  const url = 'http://127.0.0.1:5000';
  const alone = invalidationMap(loadConfig({ file: CONFIG, env: { SHOP_URL: url }, overrides: {} }));
  const seen = await seenMap();
  return `${pageOf(alone, seen)}\n`;
}

async function seenMap(): Promise<InvalidationMap> {
  using db = new ShopDatabase(':memory:');
  const shop = new Shop(db);
  const shopUrl = await shop.listen();
  const clock = new SettableClock(START);
  const overrides = { listen: '127.0.0.1:0', admin: '127.0.0.1:0' };
  const freshet = await startFreshet({ config: loadConfig({ file: CONFIG, env: { SHOP_URL: shopUrl }, overrides }), clock });
  try {
    const adminUrl = urlOf(freshet.adminAddress);
    const purge = purgeThrough(adminUrl);
    shop.purgeTags = purge;
    for (const [to, path, options] of TURNS) {
      const { status } = await ask(to === 'shop' ? shopUrl : urlOf(freshet.address), path, options);
      if (status >= 300) throw new Error(`${path} was answered ${status}`);
    }
    await purge([MISSPELT]);
    clock.advance(WATCHED_MS);
    return MAP.parse(await (await fetch(`${adminUrl}/v1/map`)).json());
  } finally {
    await freshet.close();
    await shop.close();
  }
}

function urlOf(address: ListenAddress | undefined): string {
  if (address === undefined) throw new Error('there is no admin listener');
  return `http://${formatListen(address)}`;
}

function pageOf(alone: InvalidationMap, seen: InvalidationMap): string {
  return [
    '# The map of the demo shop',
    '',
    '`npm run demo-map` writes this page, and a test compares it: it is what `freshet map` prints ([docs/map.md](map.md)) of the shop of `npm run demo` (`bench/demo`), whose configuration says little, since the shop tags and purges itself:',
    '',
    fenced('yaml', readFileSync(CONFIG, 'utf8').trimEnd()),
    '',
    '## `freshet map --config bench/demo/freshet.yaml`',
    '',
    'From the configuration alone there is not much to be seen: who purges, and no tag that is known.',
    '',
    fenced('text', mapText(alone)),
    '',
    '## `freshet map`, of the running shop',
    '',
    `A script lets customers read, the back office set prices and add a tea, and Ada order a teapot; a job purges \`${MISSPELT}\`, and means \`product:4\`. An hour later:`,
    '',
    fenced('text', mapText(seen)),
    '',
    'The two findings are true. Nobody purges `catalog`, which `/categories` carries: a new category is seen when the minute of its answer is over. And the job has purged nothing.',
    '',
    '## `freshet map --dot`',
    '',
    fenced('dot', mapDot(seen)),
  ].join('\n');
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
