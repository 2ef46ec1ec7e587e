// One Freshet in the test's own process under the load that a seed scripts, over real sockets.
import { RunningFreshet } from '../support/freshet.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { Clients, ROUTES } from './clients.ts';
import { TOKEN } from './reading.ts';
import { type History, Ticks } from './record.ts';
import { World } from './world.ts';

export interface Script {
  readonly seed: number;
  readonly reads: number;
  readonly inflight: 'retry' | 'strict';
  /** Threads that serve; 1 where absent. */
  readonly workers?: number;
}

/** Runs the script, then reads every page once more in every scope and variant. */
export async function drive(script: Script): Promise<History> {
  await using origin = await ScriptedOrigin.start();
  const ticks = new Ticks();
  const world = new World(script.seed, ticks);
  origin.on('*', (request) => world.reply(request));
  await using freshet = await RunningFreshet.start(configOf(origin.url, script));
  const { seed, reads } = script;
  const clients = new Clients(world, ticks, { seed, targets: [freshet], readers: 80, writers: 6, reads, readsAWrite: 11 });
  await clients.run();
  world.calm();
  await clients.readEverything(freshet);
  if (clients.refusals.length > 0) throw new Error(clients.refusals[0]);
  return { reads: clients.reads, writes: world.writes, acks: clients.acks };
}

function configOf(originUrl: string, { inflight, workers = 1 }: Script): string {
  return `
workers: ${workers}
origins: { shop: { url: "${originUrl}" } }
admin: { listen: "127.0.0.1:0", token: ${TOKEN} }
purge: { token: ${TOKEN}, rate: 100000/s }
log: { level: silent, access: off }
defaults: { inflight: ${inflight} }
${ROUTES}`;
}
