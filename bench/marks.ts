// What do a purge and a check of marks cost? Prints; asserts nothing. `node bench/marks.ts`
import { ProcessAuthority } from '../src/cluster/process-authority.ts';
import { TagHash } from '../src/purge/tag-hash.ts';
import { packIds } from '../src/rules/packed-ids.ts';

const authority = new ProcessAuthority({ memoryBytes: 9 * 1024 ** 2, holdKeepMs: 10_000, exhausted: () => undefined });
const tagHash = new TagHash(Buffer.from('bench'));
const target = { scheme: 'http', authority: 'shop.example', path: '/products/42', query: '' } as const;
const implicit = () => tagHash.implicitTags({ target, routeName: '/products/:id', scopeId: 'public', claims: [] });
const tagIds = tagHash.join(implicit(), tagHash.tagIds(['product:42', 'catalog', 'stock']));

measure(`gate over ${tagIds.length / 2} tags, nothing marked`, () => authority.marks.gate({ tagIds, asOf: 0, sentAt: 0 }));
const one = tagHash.tagIds(['somebody-else']);
measure('publish a purge of one tag', () => publish(one));
for (let i = 0; i < 300_000; i++) publish(tagHash.tagIds([`tag:${i}`]));
measure(`gate over ${tagIds.length / 2} tags, 300,000 tags marked, ok`, () =>
  authority.marks.gate({ tagIds, asOf: authority.marks.epoch - 1, sentAt: 0 }),
);
const entry = { tagIds, asOf: authority.marks.epoch, receivedAt: 0, checkedAt: authority.marks.epoch };
measure('gateEntry, nothing published since', () => authority.marks.gateEntry(entry));
const older = { ...entry, asOf: entry.asOf - 1 };
measure('gateEntry, one purge published since', () => {
  older.checkedAt = -1;
  return authority.marks.gateEntry(older);
});
const packed = { ...entry, packedIds: packIds(tagIds), asOf: entry.asOf - 1 };
measure('the same, of ids kept as text', () => {
  packed.checkedAt = -1;
  return authority.marks.gateEntry(packed);
});
measure('implicit tags of a request', implicit);
const fresh = authority.marks.gate({ tagIds, asOf: authority.marks.epoch - 1, sentAt: 0 });
console.log(`last verdict ${fresh.kind}, false share at most ${(100 * authority.falseShareEstimate).toFixed(1)} %`);

function publish(ids: Int32Array): unknown {
  return authority.publish({ selectors: { tagIds: ids, all: false }, mode: 'hard', at: 1 });
}

function measure(name: string, run: () => unknown): void {
  const times = 1_000_000;
  for (let i = 0; i < times / 10; i++) run();
  const start = performance.now();
  for (let i = 0; i < times; i++) run();
  console.log(`${name}: ${(((performance.now() - start) / times) * 1e6).toFixed(0)} ns`);
}
