import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { startAdmin } from './admin.ts';

interface EntriesPage {
  readonly entries: readonly { readonly key: string }[];
  readonly next: string | null;
}

describe('/v1/entries', () => {
  it('says what an entry is, without its fields and body', async () => {
    await using admin = await startAdmin();
    admin.fill('/a', ['x', 'y']);
    const answer = await get(admin.address, '/v1/entries');
    expect(JSON.parse(answer.body)).toEqual({
      entries: [
        {
          key: 'public GET http://shop.example/a',
          status: 200,
          bytes: 4,
          ageSeconds: 0,
          ttlSeconds: 5,
          staleWhileRevalidateSeconds: 0,
          staleIfErrorSeconds: 0,
          verdict: 'ok',
          scope: 'public',
          tags: ['x', 'y'],
          varies: {},
          asOf: 0,
        },
      ],
      next: null,
    });
  });

  it.each([
    { query: '?tag=even', expected: 1_250 },
    { query: '?tag=all&limit=7', expected: 2_500 },
    { query: '?tag=all&limit=1000', expected: 2_500 },
    { query: '?limit=999', expected: 2_500 },
    { query: '?tag=none', expected: 0 },
    { query: '?tag=al', expected: 0 },
    { query: '?url=http://shop.example/1234&limit=1', expected: 1 },
    { query: '?url=/1234', expected: 1 },
    { query: '?url=//shop.example/1234', expected: 1 },
    { query: '?url=http://other.example/1234', expected: 0 },
  ])('$query finds $expected, page by page', async ({ query, expected }) => {
    await using admin = await startAdmin();
    for (let i = 0; i < 2_500; i++) admin.fill(`/${i}`, i % 2 === 0 ? ['all', 'even'] : ['all']);
    const limit = Number(new URLSearchParams(query).get('limit') ?? 100);
    const keys: string[] = [];
    for (let cursor: string | null = '0'; cursor !== null; ) {
      const answer = await get(admin.address, `/v1/entries${query}&cursor=${cursor}`);
      const page = JSON.parse(answer.body) as EntriesPage;
      expect(page.entries.length).toBeLessThanOrEqual(limit);
      keys.push(...page.entries.map(({ key }) => key));
      cursor = page.next;
    }
    expect(keys).toHaveLength(expected);
    expect(new Set(keys).size).toBe(expected);
  });

  it.each([
    '?tag=a&url=/a',
    '?limit=0',
    '?limit=1001',
    '?limit=-1',
    '?limit=1e2',
    '?cursor=x',
    '?cursor=99999999999999999',
    '?tags=a',
    '?tag=a&tag=b',
    '?url=ftp://a/',
    '?url=',
  ])('refuses %s', async (query) => {
    await using admin = await startAdmin();
    const answer = await get(admin.address, `/v1/entries${query}`);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ type: 'urn:problem-type:freshet:bad-request', detail: expect.stringContaining('') });
  });
});
