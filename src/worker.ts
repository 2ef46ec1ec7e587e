// A thread that serves among others: it reads the marks that the main thread writes, and hands every purge to it. PURGE-PROTOCOL §3.4.
import { parentPort, workerData } from 'node:worker_threads';
import { takeTurn } from './admin/shelf.ts';
import { instantClock, systemClock, wallClock } from './clock.ts';
import { TagSketch } from './map/tag-sketch.ts';
import { Log } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { Observe } from './observe/observe.ts';
import { explain } from './proxy/explain.ts';
import { attachMarks } from './purge/marks.ts';
import { TagHash } from './purge/tag-hash.ts';
import { Thread } from './thread.ts';
import { batched } from './workers/batched.ts';
import { Channel } from './workers/channel.ts';
import type { OfMain, OfWorker, WorkerStart } from './workers/messages.ts';

// The cast: workers.ts starts it.
const start = workerData as WorkerStart;
const port = parentPort;
if (port === null) throw new Error('this is the entry of a worker; freshet starts it');

const { worker, config } = start;
const given = start.instant === undefined ? undefined : instantClock(start.instant);
let { epochs } = start;
const metrics: Metrics = new Metrics({ thread: () => thread.readings });
// Through the main thread, so that lines of several never mix.
const logOf = (settings: typeof config.log): Log => new Log({ ...settings, worker, destination: process.stdout });
const observe = new Observe({ log: logOf(config.log), metrics });

const main = new Channel<OfMain, OfWorker>(port, {
  open: async (listen) => {
    await thread.open(listen, { shared: true });
    return thread.address;
  },
  reload: (next) => {
    observe.log = logOf(next.log);
    thread.reconfigure(next);
  },
  epochs: (next) => {
    epochs = next;
  },
  snapshot: () => metrics.snapshot(),
  sightings: () => thread.sightings.seen,
  turn: (question) => takeTurn(question, thread.parts),
  explain: (request) => explain(request, thread.parts),
  close: async (timeoutMs) => {
    await thread.close(timeoutMs);
    metrics.close();
    setImmediate(() => port.close());
  },
});

const thread = new Thread({
  config,
  worker,
  clock: given ?? systemClock,
  tokenClock: given ?? wallClock,
  observe,
  secret: start.secrets.scopes,
  tagHash: new TagHash(Buffer.from(start.secrets.tags)),
  sketch: new TagSketch(start.sketch),
  marks: attachMarks(start.marks),
  purger: { purge: (order) => main.ask('purge', order) },
  purgeAtRate: (order) => main.ask('purgeAtRate', order),
  effectsFound: (report) => main.ask('effects', { worker, report }),
  epochs: () => epochs,
  audited: (records) => void main.ask('audited', records).catch(() => undefined),
  barrier: start.asksBarrier ? batched(() => main.ask('barrier', undefined)) : undefined,
});
