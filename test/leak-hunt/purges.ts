// The purges of a hunt: by tag, hard and soft, by URL, by prefix, by scope, and of everything.
import type { Random } from '../history/random.ts';
import { PAGES } from './areas.ts';

export interface PurgeRequest {
  readonly toAdmin: boolean;
  readonly bytes: string;
}

const KINDS = [...Array<'tag'>(12).fill('tag'), 'soft', 'soft', 'soft', 'url', 'url', 'url', 'url', 'prefix', 'scope', 'scope', 'all'] as const;

export function purgeRequest(decide: Random, token: string): PurgeRequest {
  const page = decide.pick(PAGES);
  switch (decide.pick(KINDS)) {
    case 'tag':
      return tagPurge(`page:${page.path}`, token);
    case 'soft':
      return atListener('/', token, [`surrogate-key: folder:${page.area.folder}`, 'soft-purge: 1']);
    case 'url':
      return atListener(page.path, token, []);
    case 'prefix':
      return atAdmin(token, { prefixes: [`/${page.area.folder}/short`] });
    case 'scope':
      return atAdmin(token, { scopes: [Object.fromEntries([decide.pick(SCOPES)])] });
    case 'all':
      return atAdmin(token, { all: true });
  }
}

const SCOPES = [
  ['authorization', 'Bearer u1'],
  ['cookie.session', 's1'],
  ['cookie.session', 'x'],
  ['tenant', 't'],
  ['tier', '1'],
  ['auth-scope', 'tier:gold'],
] as const;

export function tagPurge(tag: string, token: string): PurgeRequest {
  return atListener('/', token, [`surrogate-key: ${tag}`]);
}

function atListener(path: string, token: string, lines: readonly string[]): PurgeRequest {
  const head = [`PURGE ${path} HTTP/1.1`, 'host: shop.example', `authorization: Bearer ${token}`, ...lines];
  return { toAdmin: false, bytes: `${head.join('\r\n')}\r\n\r\n` };
}

function atAdmin(token: string, order: object): PurgeRequest {
  const body = JSON.stringify(order);
  const head = ['POST /v1/purge HTTP/1.1', 'host: 127.0.0.1', `authorization: Bearer ${token}`, 'content-type: application/json'];
  return { toAdmin: true, bytes: `${[...head, `content-length: ${body.length}`].join('\r\n')}\r\n\r\n${body}` };
}
