// PURGE-PROTOCOL §4.5 in a worker: a question that is under way was asked before whoever comes now, so they share the next one.
import { expect, it } from 'vitest';
import { batched } from '../../src/workers/batched.ts';

function asking() {
  const asked: PromiseWithResolvers<boolean>[] = [];
  const ask = batched(() => {
    const question = Promise.withResolvers<boolean>();
    asked.push(question);
    return question.promise;
  });
  return { ask, asked };
}

it('who comes while one is under way shares the next one', async () => {
  const { ask, asked } = asking();
  const first = ask();
  const others = [ask(), ask()];
  expect(asked).toHaveLength(1);
  asked[0]?.resolve(true);
  expect(await first).toBe(true);
  expect(asked).toHaveLength(2);
  asked[1]?.resolve(false);
  expect(await Promise.all(others)).toEqual([false, false]);
});

it('one that is not answered has failed, and the next is asked', async () => {
  const { ask, asked } = asking();
  const [first, second] = [ask(), ask()];
  asked[0]?.reject(new Error('the main thread is gone'));
  expect(await first).toBe(false);
  asked[1]?.resolve(true);
  expect(await second).toBe(true);
});

it('nobody waits where none is under way', async () => {
  const { ask, asked } = asking();
  for (const passed of [true, false]) {
    const answer = ask();
    asked.at(-1)?.resolve(passed);
    expect(await answer).toBe(passed);
  }
  expect(asked).toHaveLength(2);
});
