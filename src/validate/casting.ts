// Which values a plan has: of each resource one for every key and owner, with who reads it and how its versions are written.
import { type Coin, NumberCoin, TextCoin } from './coin.ts';
import type { Plan, Resource, User } from './plan.ts';
import { Register } from './register.ts';
import { fill, type Names } from './template.ts';

export interface Part {
  readonly resource: Resource;
  readonly registers: readonly Register[];
  readonly coin: Coin;
}

/** `chance`: from 0 to less than 1, another one each time. */
export function castOf(plan: Plan, chance: () => number): readonly Part[] {
  const run = Math.floor(chance() * 36 ** 6)
    .toString(36)
    .padStart(6, '0');
  let count = 0;
  return plan.resources.map((resource) => {
    const owners = [...Map.groupBy(resource.users, (user) => ownerOf(resource, user))];
    const registers = resource.keys
      .flatMap((key) => owners.map(([owner, users]) => ({ key, owner, users: [users[0] ?? resource.users[0], ...users.slice(1)] as const })))
      .map(({ key, owner, users: [first, ...others] }, index) => new Register({ id: count + index, index, key, owner, users: [first, ...others] }));
    count += registers.length;
    return { resource, registers, coin: coinOf(resource, { run, registers, chance }) };
  });
}

/** What fills the templates of a request for the register by one of its users. */
export function namesOf({ key, owner }: Register, user: User): Names {
  return { ...user.values, key, owner, user: user.name };
}

function ownerOf({ owner = '' }: Resource, user: User): string {
  return fill(owner, { ...user.values, user: user.name });
}

/** Numbers begin somewhere in the lower half, so that a run seldom writes what an earlier one left in a cache. */
function coinOf({ value }: Resource, { run, registers, chance }: { run: string; registers: readonly Register[]; chance: () => number }): Coin {
  if (value.kind === 'text') return new TextCoin(run, registers);
  const least = value.least + Math.floor((chance() * (value.most - value.least)) / 2);
  return new NumberCoin({ least, most: value.most }, registers);
}
