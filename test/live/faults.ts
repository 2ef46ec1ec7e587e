// What happens to nodes, Redis and the ways between them, PURGE-PROTOCOL §4.7. Each ends when it has done its harm; links are healed after it.
import { setTimeout as delay } from 'node:timers/promises';
import type { LiveNode } from './live-node.ts';
import { evict, putBack, sharedValues, spoil } from './shared-values.ts';
import type { Scene, Stage } from './stage.ts';

export type Fault = (scene: Scene) => Promise<void>;

const EVAL_MS = 800;
/** Redis does nothing else meanwhile. */
const SLOW_SCRIPT = `
local function now() local time = redis.call('TIME') return time[1] * 1000 + time[2] / 1000 end
local over = now() + ${EVAL_MS}
while now() < over do end`;

const WITHOUT_WAITING = ['prefer', 'respond-async'];

/** More than chance. */
const SOME_VALUES = 10;

/** Less than a call may last. */
const LATE_REPLY_MS = 400;

export const FAULTS = {
  none: ({ clients }) => clients.confirmed(100),
  'frozen for 1 s': (scene) => frozenFor(scene, () => delay(1_000)),
  'frozen for 5 s': (scene) => frozenFor(scene, () => delay(5_000)),
  'killed and started again': async ({ stage: { victim, first }, clients }) => {
    await victim.kill();
    await clients.rewriteEverything(first);
    await victim.start();
  },
  FLUSHALL: async ({ stage }) => {
    await stage.redis.client.flushall();
  },
  // Nobody tells it any more what was purged meanwhile.
  'FLUSHALL while one link is lost': async ({ stage: { victim, first, redis }, clients }) => {
    victim.link.drop();
    await clients.rewriteEverything(first);
    await redis.client.flushall();
  },
  'Redis restarted empty': async ({ stage: { redis } }) => {
    await redis.kill();
    await delay(500);
    await redis.restart();
  },
  'Redis paused for 2 s': async ({ stage: { redis } }) => {
    redis.pause();
    await delay(2_000);
    redis.resume();
  },
  'a slow script': async ({ stage: { redis } }) => {
    await redis.client.eval(SLOW_SCRIPT, 0);
  },
  // It has a lease for a while, and hears of purges late: after a 202, before its bound is over.
  'one link 700 ms late': async ({ stage: { victim, first }, clients }) => {
    victim.link.delay(700);
    await clients.rewriteEverything(first, WITHOUT_WAITING);
    await clients.readEverything(victim, false);
    await clients.confirmed(3);
  },
  'one link lost behind a late renewal': async (scene) => {
    const { victim, first } = scene.stage;
    await sparing(scene);
    victim.link.delay(LATE_REPLY_MS);
    await delay(2 * LATE_REPLY_MS);
    await victim.link.brings('renewed');
    victim.link.drop();
    await scene.clients.rewriteEverything(first, WITHOUT_WAITING);
    await scene.clients.readEverything(victim, false);
  },
  'one link half-closed, then refused': async ({ stage: { victim, first }, clients }) => {
    victim.link.halfClose();
    await delay(1_000);
    victim.link.refuse();
    await clients.rewriteEverything(first);
    await clients.readEverything(victim, false);
  },
  'a replica promoted that lost purges, and one node left behind': async (scene) => {
    const { stage, clients } = scene;
    const standby = standbyOf(stage);
    await sparing(scene);
    standby.link.drop();
    await clients.answered(3);
    await stage.promote(standby);
    for (const { link } of stage.others) link.leadTo(standby.server.port);
    await clients.rewriteEverything(stage.first);
    await clients.readEverything(stage.victim, false);
  },
  // It knows no purge of theirs: only that it was not there.
  'shared bodies put back after a purge of everything, of which one node has not heard': async ({ stage: { victim, first, redis }, clients }) => {
    await clients.readEverything(first, false);
    const shared = await sharedValues(redis);
    await victim.kill();
    await clients.rewriteEverything(first);
    await victim.start();
    await clients.untilCaching(victim);
    await untilMet(victim, async () => {
      await putBack(redis, shared);
      for (const node of [victim, first]) await clients.readEverything(node, false);
    });
  },
  'shared bodies spoilt, then evicted': async ({ stage: { victim, redis } }) => {
    await untilMet(victim, () => spoil(redis));
    await evict(redis, SOME_VALUES);
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** Everything is written and purged meanwhile, and reads wait for it when it goes on: it may answer them before it has heard of anything. */
async function frozenFor({ stage: { victim, first }, clients }: Scene, meanwhile: (rewritten: Promise<void>) => Promise<void>): Promise<void> {
  victim.freeze();
  const rewritten = clients.rewriteEverything(first);
  await meanwhile(rewritten);
  const reads = clients.readEverything(victim, false);
  victim.resume();
  await Promise.all([rewritten, reads]);
}

/** Nothing is written through the node that the fault will happen to: the purge of a write that it owed would keep it from using what it has. */
async function sparing({ stage: { victim }, clients }: Scene): Promise<void> {
  clients.spare(victim);
  await clients.confirmed(20);
}

/** Again and again, until the node has met so many shared values that it cannot use. */
async function untilMet(node: LiveNode, spoiling: () => Promise<void>): Promise<void> {
  const unusable = (): Promise<number> => node.metric('freshet_shared_bodies_total{what="unusable"}');
  const enough = (await unusable()) + SOME_VALUES;
  while ((await unusable()) < enough) await spoiling();
}

function standbyOf({ standby }: Stage): NonNullable<Stage['standby']> {
  if (standby === undefined) throw new Error('this stage has no replica');
  return standby;
}
