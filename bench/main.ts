// `npm run bench`: what Freshet costs, measured against itself and a bare node:http server. `--quick` for a short run, `--only NAME` for one part,
// `--save` to keep the report under bench/results. `npm run bench -- beside` measures it beside other servers; `beside --help` says how.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureAudits } from './audits.ts';
import { FULL, QUICK, type Scale } from './bed.ts';
import { measureMemory } from './memory.ts';
import { measureNodes } from './nodes.ts';
import { machine } from './process-cost.ts';
import { measureHitsUnderPurges, measurePurgeLatency } from './purges.ts';
import { formatTable, type Table } from './report.ts';
import { measureScopes } from './scopes.ts';
import { measureThroughput } from './throughput.ts';

const PARTS: Readonly<Record<string, (scale: Scale) => Promise<Table> | AsyncIterable<Table>>> = {
  throughput: measureThroughput,
  scopes: measureScopes,
  audits: measureAudits,
  'purge-latency': measurePurgeLatency,
  'hits-under-purges': measureHitsUnderPurges,
  memory: measureMemory,
  nodes: measureNodes,
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await (process.argv[2] === 'beside' ? beside() : run()).catch((error: unknown) => {
  console.error(`The bench failed: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

async function beside(): Promise<number> {
  const { runBeside } = await import('./beside/main.ts');
  return runBeside(process.argv.slice(3));
}

async function run(): Promise<number> {
  const { values: options } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, save: { type: 'boolean', default: false }, only: { type: 'string' } },
  });
  const names = options.only === undefined ? Object.keys(PARTS) : [options.only];
  const lines = [`# Freshet bench${options.quick ? ' (quick: too short to quote)' : ''}`, '', new Date().toISOString().slice(0, 10), machine()];
  console.log(lines.join('\n'));
  for (const name of names) {
    const measure = PARTS[name];
    if (measure === undefined) {
      console.error(`no part is called ${name}; there are ${Object.keys(PARTS).join(', ')}`);
      return 2;
    }
    for await (const table of tablesOf(measure(options.quick ? QUICK : FULL))) {
      const text = formatTable(table);
      console.log(text);
      lines.push(text);
    }
  }
  if (options.save) save(lines.join('\n'));
  return 0;
}

/** Several as they come: what was measured is printed though a later one fails. */
async function* tablesOf(measured: Promise<Table> | AsyncIterable<Table>): AsyncGenerator<Table> {
  if (measured instanceof Promise) yield await measured;
  else yield* measured;
}

function save(report: string): void {
  const folder = fileURLToPath(new URL('./results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${new Date().toISOString().slice(0, 10)}.md`;
  writeFileSync(file, `${report}\n`);
  console.error(`saved as ${file}`);
}
