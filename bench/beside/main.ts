// `npm run bench -- beside`: Freshet and other caches in turn, before one origin and on one core. What is not installed is left out.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from '../process-cost.ts';
import { takeCores } from './cpu.ts';
import { cannon, CONNECTIONS, wrk } from './load.ts';
import { type Bench, measureScenario } from './measure.ts';
import { KEPT_OPEN } from './nginx.ts';
import { startNginxOrigin, startNodeOrigin } from './origin.ts';
import { type Report, reportText } from './report.ts';
import { type Scenario, SCENARIOS } from './scenarios.ts';
import { MEMORY_MIB, type Server, SERVERS, serversByDefault, versionOf } from './servers.ts';

const HELP = `npm run bench -- beside [--only SCENARIO,…] [--servers SERVER,…] [--rounds N] [--seconds N] [--save NAME] [--profile FOLDER]

--save keeps what was found under bench/results; --profile leaves a CPU profile of each Freshet in a folder.
Scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}
Servers: ${SERVERS.map(({ name }) => name).join(', ')}`;

/** Returns the exit code: 1 where a figure cannot be trusted. */
export async function runBeside(args: string[]): Promise<number> {
  const { values: flags } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      servers: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      save: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const report = await measure({
    scenarios: chosen(SCENARIOS, flags.only) ?? SCENARIOS,
    servers: chosen(SERVERS, flags.servers) ?? serversByDefault(),
    rounds: Number(flags.rounds),
    seconds: Number(flags.seconds),
    profileFolder: flags.profile && resolve(flags.profile),
  });
  console.log(reportText(report));
  if (flags.save !== undefined) save(flags.save, report);
  return report.scenarios.some(({ lanes }) => lanes.some(({ faults }) => faults.length > 0)) ? 1 : 0;
}

interface Plan extends Pick<Bench, 'rounds' | 'seconds' | 'profileFolder'> {
  readonly scenarios: readonly Scenario[];
  readonly servers: readonly Server[];
}

async function measure(plan: Plan): Promise<Report> {
  const { rounds, seconds } = plan;
  const ofMachine = machine();
  const cores = takeCores();
  const [nginx, ofWrk] = [versionOf('nginx', ['-v']), versionOf('wrk', ['-v'])];
  const folder = temporaryFolder();
  await using origin = await (nginx === undefined ? startNodeOrigin() : startNginxOrigin(folder));
  const bench: Bench = { ...plan, origin, cores, folder, load: ofWrk === undefined ? cannon : wrk };
  const scenarios: Report['scenarios'] = [];
  for (const scenario of plan.scenarios) scenarios.push(await measureScenario(bench, scenario, plan.servers));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: ofMachine,
    servers: plan.servers.map(({ title, version = 'not installed' }) => `${title} ${version}`),
    load: ofWrk === undefined ? 'autocannon' : `wrk ${ofWrk}`,
    origin: nginx === undefined ? 'node:http' : `nginx ${nginx}`,
    isPinned: cores !== undefined,
    rounds,
    seconds,
    connections: CONNECTIONS,
    memoryMib: MEMORY_MIB,
    keptOpen: KEPT_OPEN,
    scenarios,
  };
}

/** In memory where the system has a place for that; readable for workers that give up root. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'freshet-beside-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  return folder;
}

/** In the order in which they are known, so that Freshet comes first. */
function chosen<T extends { readonly name: string }>(known: readonly T[], list: string | undefined): readonly T[] | undefined {
  if (list === undefined) return undefined;
  const names = list.split(',');
  const unknown = names.filter((name) => !known.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there are ${known.map(({ name }) => name).join(', ')}`);
  return known.filter(({ name }) => names.includes(name));
}

function save(name: string, report: Report): void {
  const folder = fileURLToPath(new URL('../results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, undefined, 1)}\n`);
  writeFileSync(join(folder, `${name}.md`), `${reportText(report)}\n`);
  console.error(`saved as bench/results/${name}.json and ${name}.md`);
}
