// What does an entry cost in memory beyond its head and body, and does a store of very many small ones ever hold the event loop? Prints; asserts nothing.
// Usage: node bench/entries.ts [entries] [body bytes] [entries a second; 0: as fast as it goes] [seconds of look-ups]
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ownText } from '../src/http/own-text.ts';
import { linesOf } from '../src/http/fields.ts';
import { TagHash } from '../src/purge/tag-hash.ts';
import { PackedResponse } from '../src/rules/packed-response.ts';
import { limitHeapGrowth } from '../src/store/heap-growth.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { entry } from '../test/rules/builders.ts';

const MIB = 1_048_576;
const LOOK_UPS_PER_SECOND = 20_000;
const [count = 1_000_000, bodyBytes = 1_024, perSecond = 20_000, seconds = 20] = process.argv.slice(2).map(Number);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
limitHeapGrowth();

const view = { hides: (name: string) => name === 'surrogate-key' };
const tagHash = new TagHash(Buffer.from('bench'));
const store = new MemoryStore({ maxBytes: 64 * 1_024 * MIB });
let contentBytes = 0;
let held = 0;

collect();
const before = process.memoryUsage();
report('at start');
const filling = watch(`filling, ${perSecond} a second`);
await atRate(count, perSecond, (i) => store.put(keyOf(i), new PackedResponse(makeResponse(i), view), { maxVariants: 64 }));
filling();
report('filled');
collect();
await new Promise(setImmediate);
collect();
await new Promise(setImmediate);
report('and collected');
const looking = watch(`${LOOK_UPS_PER_SECOND} look-ups a second`);
await atRate(seconds * LOOK_UPS_PER_SECOND, LOOK_UPS_PER_SECOND, () => look(Math.floor(Math.random() * count)));
looking();
report('after them');
for (const among of [1, 10_000, 100_000, 1_000_000]) if (among <= count) await cost(among);
console.log(`(${held})`);

/** Does `act` so often, and lets the event loop turn meanwhile. */
async function atRate(times: number, rate: number, act: (i: number) => void): Promise<void> {
  const startedAt = performance.now();
  for (let i = 0; i < times; i++) {
    act(i);
    if (i % 50 !== 0) continue;
    const dueMs = rate === 0 ? 0 : (i / rate) * 1_000;
    do await new Promise(setImmediate);
    while (performance.now() - startedAt < dueMs);
  }
}

/** What a hit does with the store: a key of its own, the look-up, the lines and the body. */
function look(i: number): void {
  const stored = store.lookup(keyOf(i))[0] as PackedResponse;
  held += stored.shownTo(view).length + stored.content.length;
}

async function cost(among: number): Promise<void> {
  const times = 300_000;
  const from = process.cpuUsage();
  for (let i = 0; i < times; i++) {
    look(Math.floor(Math.random() * among));
    if (i % 100 === 0) await new Promise(setImmediate);
  }
  const { user, system } = process.cpuUsage(from);
  console.log(`a look-up among ${among} keys: ${(((user + system) / times) * 1_000).toFixed(0)} ns of CPU`);
}

/** Watches until the returned function is called, which says what stood in the way of the event loop. */
function watch(name: string): () => void {
  const pauses: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.push(duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return () => {
    delay.disable();
    observer.disconnect();
    pauses.sort((a, b) => b - a);
    const stalls = [50, 99, 99.9, 100].map((percentile) => `p${percentile} ${(delay.percentile(percentile) / 1e6).toFixed(1)}`);
    console.log(
      `${name}: event loop late by ms ${stalls.join(', ')}; ${pauses.length} collections took ${pauses.reduce((sum, ms) => sum + ms, 0).toFixed(0)} ms, the longest ${pauses
        .slice(0, 5)
        .map((ms) => ms.toFixed(1))
        .join(', ')}`,
    );
  };
}

function report(when: string): void {
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const { entries, bytes } = store.stats;
  const each = (total: number): string => (entries === 0 ? '-' : `${((total - contentBytes) / entries).toFixed(0)} B`);
  console.log(
    `${when}: ${entries} entries; heap ${mib(heapUsed)} of ${mib(heapTotal)} MiB, external ${mib(external)} (${mib(arrayBuffers)} of buffers), RSS ${mib(rss)};` +
      ` an entry beyond head and body: live ${each(heapUsed - before.heapUsed + arrayBuffers - before.arrayBuffers)}, resident ${each(rss - before.rss)}, charged ${each(bytes)}`,
  );
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}

function keyOf(i: number): string {
  return `6:public http://shop.example/products/${i}?currency=EUR`;
}

function makeResponse(i: number) {
  const now = performance.timeOrigin + performance.now();
  const tags = [`product:${i}`, `category:${i % 100}`, `brand:${i % 1_000}`, `supplier:${i % 50}`, 'catalog', 'prices'];
  const fields = [
    ...field('content-type', 'application/json; charset=utf-8'),
    ...field('cache-control', 'public, max-age=3600, stale-while-revalidate=60'),
    ...field('etag', `"v${i}-9f3c814"`),
    ...field('date', 'Sun, 22 Nov 2026 20:58:00 GMT'),
    ...field('last-modified', 'Sun, 22 Nov 2026 20:08:00 GMT'),
    ...field('vary', 'accept-encoding'),
    ...field('server', 'shop/1.24'),
    ...field('x-request-id', `9f3c814a-1d3b-4c55-${i}`),
    ...field('surrogate-key', tags.join(' ')),
  ];
  contentBytes += linesOf(fields).length + bodyBytes;
  const target = { scheme: 'http', authority: 'shop.example', path: `/products/${i}`, query: '?currency=EUR' } as const;
  const implicit = tagHash.implicitTags({ target, routeName: '/products/:id', scopeId: 'public', claims: [] });
  return entry({
    statusText: ownText('OK'),
    fields,
    body: Buffer.alloc(bodyBytes, 120),
    initialAgeMs: 3.25 + (i % 7) / 8,
    receivedAt: now,
    freshUntil: now + 3_600_000,
    staleWhileRevalidateMs: 60_000,
    keepMs: 3_600_000,
    axes: [],
    axisValues: [],
    scopeId: 'public',
    tags,
    tagIds: tagHash.join(implicit, tagHash.tagIds(tags)),
    asOf: i,
    order: i,
    checkedAt: i,
  });
}

function field(name: string, value: string): [string, string] {
  return [ownText(name), ownText(value)];
}
