// The demo's steps, in order: what Freshet does for an API, each seen from the client and from the origin.
import { ask, type Exchange, field, isHit } from './exchange.ts';
import type { ShopDatabase } from './database.ts';
import type { Stage } from './stage.ts';

const HERD = 200;
const REFRESH_LIMIT_MS = 5000;

export async function walk(stage: Stage, db: ShopDatabase): Promise<void> {
  await stage.step('Miss: the first one to ask', miss);
  await stage.step('Hit: everybody after', hit);
  await stage.step('Stale-while-revalidate: nobody waits for a refresh', (on) => staleWhileRevalidate(on, db));
  await stage.step('A write, its purge, and the fresh answer after it', writeAndPurge);
  await stage.step('A purge beats a read that is already under way', purgeBeatsSlowRead);
  await stage.step('Soft purge: stale, not gone', softPurge);
  await stage.step('A write through Freshet invalidates by itself', writeThrough);
  await stage.step(`A herd: ${HERD} at once, one request to the shop`, herd);
  await stage.step('Two credentials never mix', twoCredentials);
}

async function miss(stage: Stage): Promise<string> {
  const first = await stage.ask('/products/1');
  stage.expectAsked(['GET /products/1']);
  stage.claim(first.status === 200 && !isHit(first), 'it went to the shop, and is stored now');
  return first.cacheStatus;
}

async function hit(stage: Stage): Promise<string> {
  const second = await stage.ask('/products/1');
  stage.expectAsked([]);
  stage.claim(isHit(second) && field(second, 'cents') === 1250, 'answered from the store');
  return second.cacheStatus;
}

async function staleWhileRevalidate(stage: Stage, db: ShopDatabase): Promise<string> {
  stage.say('The shop calls stock fresh for 2 s, and usable for 60 s more while it is being refreshed.');
  await stage.ask('/stock/3');
  stage.expectAsked(['GET /stock/3']);
  db.setUnits(3, 37);
  stage.say('The warehouse counts 37 and tells nobody. 2.2 s later:');
  await pause(2200);
  const stale = await stage.ask('/stock/3');
  stage.claim(isHit(stale) && field(stale, 'units') === 40, 'the stale answer came at once');
  const fresh = await untilBody(stage, '/stock/3', '"units":37');
  stage.expectAsked(['GET /stock/3']);
  stage.claim(isHit(fresh) && field(fresh, 'units') === 37, 'one refresh in the background, and the next hit knows the new count');
  return stale.cacheStatus;
}

async function writeAndPurge(stage: Stage): Promise<string> {
  stage.say('The back office sets a price at the shop, which commits, purges product:1 and answers when that is confirmed.');
  const write = await stage.askShop('/products/1', { method: 'PUT', json: { cents: 1190 } });
  stage.say(`purge of product:1 answered: ${write.receipt ?? ''}`);
  stage.claim(write.receipt?.includes('"state":"confirmed"') === true, 'the purge is confirmed');
  stage.expectAsked(['PUT /products/1']);
  const after = await stage.ask('/products/1');
  stage.expectAsked(['GET /products/1']);
  stage.claim(!isHit(after) && field(after, 'cents') === 1190, 'the old price is gone: this is the new one');
  return after.cacheStatus;
}

async function purgeBeatsSlowRead(stage: Stage): Promise<string> {
  stage.say('A customer asks; the shop reads the old price and is slow to answer. Meanwhile the price changes.');
  const held = stage.shop.holdNextRead('/products/2');
  const early = ask(stage.freshetUrl, '/products/2');
  await held.read;
  const write = await stage.askShop('/products/2', { method: 'PUT', json: { cents: 890 } });
  stage.claim(write.receipt?.includes('"state":"confirmed"') === true, 'the purge is confirmed while the old answer is still on its way');
  held.release();
  const slow = await early;
  stage.say('The old answer arrives. It is older than the purge, so Freshet drops it and asks again:');
  stage.print(slow);
  stage.expectAsked(['GET /products/2', 'PUT /products/2', 'GET /products/2']);
  stage.claim(field(slow, 'cents') === 890, 'even the customer who asked before the write gets the new price');
  const after = await stage.ask('/products/2');
  stage.expectAsked([]);
  stage.claim(isHit(after) && field(after, 'cents') === 890, 'and the old one was never stored');
  return slow.cacheStatus;
}

async function softPurge(stage: Stage): Promise<string> {
  await stage.ask('/products?category=tea');
  stage.expectAsked(['GET /products?category=tea']);
  stage.say('A new tea. Lists may learn of it a moment later, so the shop purges category:tea softly.');
  await stage.askShop('/products', { method: 'POST', json: { name: 'Matcha', category: 'tea', cents: 2400 } });
  stage.expectAsked(['POST /products']);
  const stale = await stage.ask('/products?category=tea');
  stage.claim(isHit(stale) && !stale.body.includes('Matcha'), 'the old list came at once, marked stale');
  const fresh = await untilBody(stage, '/products?category=tea', 'Matcha');
  stage.expectAsked(['GET /products?category=tea']);
  stage.claim(isHit(fresh) && fresh.body.includes('Matcha'), 'refreshed in the background: the list has the new tea');
  return stale.cacheStatus;
}

async function writeThrough(stage: Stage): Promise<string> {
  await stage.ask('/stock/6');
  const before = await stage.ask('/stock/6');
  stage.claim(isHit(before) && field(before, 'units') === 39, '39 teapots, from the store');
  stage.asked();
  stage.say('Ada orders two of them through Freshet, whose route for orders says: invalidates stock:{id}.');
  const order = await stage.ask('/products/6/orders', { method: 'POST', headers: ADA, json: { quantity: 2 } });
  stage.claim(order.status === 201, 'ordered; the stock was purged before this answer was released');
  stage.expectAsked(['POST /products/6/orders']);
  const after = await stage.ask('/stock/6');
  stage.expectAsked(['GET /stock/6']);
  stage.claim(!isHit(after) && field(after, 'units') === 37, 'she reads her own write: 37');
  return order.cacheStatus;
}

async function herd(stage: Stage): Promise<string> {
  stage.say(`GET /bestsellers is a slow query (0.3 s). ${HERD} clients ask in the same moment.`);
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: HERD }, () => ask(stage.freshetUrl, '/bestsellers')));
  const tookMs = performance.now() - startedAt;
  const waited = answers.find((answer) => answer.cacheStatus.includes('collapsed')) ?? answers[0];
  if (waited !== undefined) stage.print(waited);
  stage.expectAsked(['GET /bestsellers']);
  const bodies = new Set(answers.map((answer) => `${answer.status} ${answer.body}`));
  stage.claim(bodies.size === 1 && answers[0]?.status === 200, `${HERD} equal answers in ${Math.round(tookMs)} ms, one request to the shop`);
  return `${HERD} answered, 1 forwarded`;
}

const ADA = { Authorization: 'Bearer token-of-ada' };
const BOB = { Authorization: 'Bearer token-of-bob' };

async function twoCredentials(stage: Stage): Promise<string> {
  const answers: Exchange[] = [];
  for (const headers of [ADA, BOB, ADA, BOB]) {
    stage.say(`Authorization: ${headers.Authorization}`);
    answers.push(await stage.ask('/me/orders', { headers }));
  }
  stage.expectAsked(['GET /me/orders', 'GET /me/orders']);
  const customers = answers.map((answer) => field(answer, 'customer')).join(' ');
  stage.claim(customers === 'ada bob ada bob', 'each saw their own page');
  stage.claim(answers.map(isHit).join() === 'false,false,true,true', 'and each has a stored response of their own');
  const nobody = await stage.ask('/me/orders');
  stage.claim(nobody.status === 401, 'who shows no credential gets neither');
  return 'each their own entry';
}

/** Asks until the answer holds `text`: a refresh in the background takes a moment. Prints the last one. */
async function untilBody(stage: Stage, path: string, text: string): Promise<Exchange> {
  const deadline = performance.now() + REFRESH_LIMIT_MS;
  let exchange = await ask(stage.freshetUrl, path);
  while (!exchange.body.includes(text) && performance.now() < deadline) {
    await pause(20);
    exchange = await ask(stage.freshetUrl, path);
  }
  stage.print(exchange);
  return exchange;
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
