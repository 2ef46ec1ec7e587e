// The origin that all servers share: an nginx of its own that answers from files, or a bare node:http server where nginx is missing.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../test/support/child-process.ts';
import { freePort } from '../../test/support/free-port.ts';
import { startNginx } from './nginx.ts';
import { BODIES, CONTROL } from './origin-answers.ts';

export interface Origin extends AsyncDisposable {
  readonly port: number;
  /** Requests answered so far, these questions left out. Resolves once no more come: a server may still ask for clients that have left. */
  count(): Promise<number>;
}

const SETTLED_MS = 100;

export async function startNginxOrigin(folder: string): Promise<Origin> {
  const bodies = join(folder, 'bodies');
  mkdirSync(bodies);
  for (const [name, bytes] of Object.entries(BODIES)) writeFileSync(join(bodies, name), Buffer.alloc(bytes, 'x'));
  const locations = Object.entries(CONTROL).map(
    ([kind, fields]) => `location ~ ^/${kind}/([0-9a-z]+) {
      try_files /$1 =404;
      ${Object.entries(fields)
        .map(([name, value]) => `add_header ${name} '${value}';`)
        .join('\n      ')}
    }`,
  );
  const port = await freePort();
  const http = `open_file_cache max=100 inactive=1h; open_file_cache_valid 1h;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${bodies};
    etag off;
    location = /count { stub_status; }
    ${locations.join('\n    ')}
  }`;
  const child = await startNginx({ name: 'origin', folder: join(folder, 'origin'), port, http, under: [] });
  let asked = 0;
  const count = async (): Promise<number> => {
    asked++;
    const status = await (await fetch(`http://127.0.0.1:${port}/count`)).text();
    return Number(/(\d+) \n/.exec(status.split('requests')[1] ?? '')?.[1]) - asked;
  };
  return { ...child, port, count: () => settled(count) };
}

export async function startNodeOrigin(): Promise<Origin> {
  const child = startChild({ name: 'origin', args: [fileURLToPath(new URL('./node-origin.ts', import.meta.url))] });
  const port = Number((await child.says(/port: (\d+)/))[1]);
  const count = async (): Promise<number> => Number(await (await fetch(`http://127.0.0.1:${port}/count`)).text());
  return { ...child, port, count: () => settled(count) };
}

async function settled(count: () => Promise<number>): Promise<number> {
  for (let before = await count(); ; ) {
    await delay(SETTLED_MS);
    const now = await count();
    if (now === before) return now;
    before = now;
  }
}
