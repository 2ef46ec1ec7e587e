// Ways to break what holds between threads: PURGE-PROTOCOL §3.4.
import type { Mutant } from './mutant.ts';

const PURGES = 'test/workers/purges.test.ts';
const HUNT = 'test/leak-hunt/leak-hunt.test.ts';
const LIFE = 'test/workers/life.test.ts';
const DOOR = 'test/workers/door.test.ts';

export const THREAD_MUTANTS: readonly Mutant[] = [
  {
    name: 'a worker reads its own copy of the epoch',
    file: 'src/worker.ts',
    text: 'marks: attachMarks(start.marks),',
    replacement: 'marks: attachMarks({ ...start.marks, header: start.marks.header.slice() }),',
    caughtBy: [PURGES, HUNT],
  },
  {
    name: 'a worker has holds of its own',
    file: 'src/purge/marks.ts',
    text: 'holds: new Holds(holdKeepMs, holds),',
    replacement: 'holds: holdKeepMs > 0 ? new Holds(holdKeepMs, holds) : new Holds(0),',
    caughtBy: [PURGES],
  },
  {
    name: 'a purge through a worker is answered before it is published',
    file: 'src/team.ts',
    text: 'purgeAtRate: (order) => purgeAtRate(order),',
    replacement: `purgeAtRate: (order) => {
        setTimeout(() => void purgeAtRate(order), 20);
        const receipt = { id: '0.0', authority: 'workers', mode: 'hard', tags: 1, urls: 0, waitedMs: 0 } as const;
        return { kind: 'confirmed', epoch: 0, receipt };
      },`,
    caughtBy: [PURGES],
  },
  {
    name: 'a write through a worker purges nothing elsewhere',
    file: 'src/team.ts',
    text: 'purge: (order) => door.purge(order)',
    replacement: "purge: () => Promise.reject(new Error('not now'))",
    caughtBy: [PURGES],
  },
  {
    name: 'a worker that ends has no successor',
    file: 'src/workers/workers.ts',
    text: 'this.#restart = setTimeout(() => void this.#openAgain(), inMs);',
    replacement: '',
    caughtBy: [LIFE],
  },
  {
    name: 'what is asked of a worker that ends waits for ever',
    file: 'src/workers/channel.ts',
    text: 'for (const { reject } of this.#waiting.values()) reject(error);',
    replacement: '',
    caughtBy: [LIFE],
  },
  {
    name: 'the counts of a worker that ended are lost',
    file: 'src/workers/workers.ts',
    text: 'return together([this.#ended, this.#counted]);',
    replacement: 'return this.#counted;',
    caughtBy: [LIFE],
  },
  {
    name: 'a reload ends nothing that was stored by other rules',
    file: 'src/control.ts',
    text: 'await change();\n      this.purgeAfterReload();',
    replacement: 'await change();',
    caughtBy: [DOOR],
  },
  {
    name: 'a worker with new rules finds what was stored by them before others were in force',
    file: 'src/control.ts',
    text: "this.authority.publishHere({ selectors: { tagIds: new Int32Array(), all: true }, mode: 'hard', at: this.#clock.now() });",
    replacement: '',
    caughtBy: [DOOR],
  },
  {
    name: 'a purge is confirmed while workers differ in the rules by which it names things',
    file: 'src/control.ts',
    text: 'while (this.#changing !== undefined) await this.#changing;',
    replacement: '',
    caughtBy: [DOOR],
  },
  {
    name: 'a port that another process shares is joined',
    file: 'src/team.ts',
    text: 'await assertFree(listen);',
    replacement: '',
    caughtBy: [LIFE],
  },
];
