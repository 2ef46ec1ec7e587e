// Does the store's memory stay near its setting when a million distinct small entries pass through it? Prints; asserts nothing.
// Usage: node bench/store.ts [MiB] [body bytes] [entries] [entries a second; 0: as fast as it goes, which is faster than V8 can collect]
import { ownText } from '../src/http/own-text.ts';
import type { StoredResponse } from '../src/rules/stored-response.ts';
import { PackedResponse } from '../src/rules/packed-response.ts';
import { limitHeapGrowth } from '../src/store/heap-growth.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { entry } from '../test/rules/builders.ts';

const MIB = 1_048_576;
const [memoryMib = 256, bodyBytes = 200, count = 1_000_000, perSecond = 20_000] = process.argv.slice(2).map(Number);
limitHeapGrowth();
const view = { hides: (name: string) => name === 'surrogate-key' };
const store = new MemoryStore({ maxBytes: memoryMib * MIB });
const before = process.memoryUsage().rss;
let putMs = 0;
let slowestMs = 0;
let peakRss = 0;
const startedAt = performance.now();

console.log(`store.memory ${memoryMib} MiB, ${count} distinct entries with bodies of ${bodyBytes} B`);
for (let i = 1; i <= count; i++) {
  const response = new PackedResponse(makeResponse(i), view);
  const start = performance.now();
  store.put(ownText(`public GET http://shop.example/products/${i}?currency=EUR`), response, { maxVariants: 64 });
  const elapsed = performance.now() - start;
  putMs += elapsed;
  slowestMs = Math.max(slowestMs, elapsed);
  if (i % 100 === 0) await pace(i);
  if (i % 10_000 === 0) peakRss = Math.max(peakRss, process.memoryUsage().rss);
  if (i % (count / 10) === 0) report(i);
}
console.log(`put: ${((putMs / count) * 1_000).toFixed(2)} µs on average, slowest ${slowestMs.toFixed(1)} ms`);
console.log(
  `peak RSS above start: ${((peakRss - before) / MIB).toFixed(0)} MiB = ${((peakRss - before) / MIB / memoryMib).toFixed(2)} of the setting`,
);

/** Waits until `done` entries are due, and lets the event loop turn once in any case. */
async function pace(done: number): Promise<void> {
  const dueMs = perSecond === 0 ? 0 : (done / perSecond) * 1_000;
  do await new Promise(setImmediate);
  while (performance.now() - startedAt < dueMs);
}

function report(done: number): void {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const { entries, bytes } = store.stats;
  const grown = (rss - before) / MIB;
  console.log(
    `${String(done).padStart(9)}: RSS ${(rss / MIB).toFixed(0)} MiB (+${grown.toFixed(0)}), heap ${(heapUsed / MIB).toFixed(0)}, buffers ${(arrayBuffers / MIB).toFixed(0)};` +
      ` ${entries} entries, charged ${(bytes / MIB).toFixed(0)} MiB, ${(bytes / entries).toFixed(0)} B each, RSS ${((grown * MIB) / entries).toFixed(0)} B each`,
  );
}

function makeResponse(i: number): StoredResponse {
  const now = performance.timeOrigin + performance.now();
  return entry({
    fields: [
      ...field('content-type', 'application/json; charset=utf-8'),
      ...field('content-length', String(bodyBytes)),
      ...field('cache-control', 'public, max-age=3600'),
      ...field('etag', `"v${i}-9f3c814"`),
      ...field('date', 'Sun, 22 Nov 2026 20:58:00 GMT'),
      ...field('surrogate-key', `product:${i} category:${i % 100} catalog`),
    ],
    body: Buffer.alloc(bodyBytes, 120),
    initialAgeMs: 0.25,
    receivedAt: now,
    freshUntil: now + 3_600_000,
    scopeId: 'public',
    tags: [ownText(`product:${i}`), ownText(`category:${i % 100}`), ownText('catalog')],
    tagIds: Int32Array.from({ length: 22 }, (_, index) => index * i),
    asOf: i,
    order: i,
    checkedAt: i,
  });
}

function field(name: string, value: string): [string, string] {
  return [ownText(name), ownText(value)];
}
