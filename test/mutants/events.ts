// Ways to lose, double or misread an event.
import type { Mutant } from './mutant.ts';

const INTAKE = 'test/events/intake.test.ts';
const RULES = 'test/events/rules.test.ts';
const TEMPLATES = 'test/events/template.test.ts';
const EVENTS = 'test/events/event.test.ts';
const SIGNATURES = 'test/events/signature.test.ts';
const ENDPOINT = 'test/events/endpoint.test.ts';

export const EVENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'an event waits for an hour where there is no room for its version',
    file: 'src/events/intake.ts',
    text: "if (outcome.kind === 'out-of-holds' && isFenced(asked)) {",
    replacement: 'if (isFenced(asked) && asked.all) {',
    caughtBy: [INTAKE],
  },
  {
    name: 'an event counts as done although its purge was not confirmed',
    file: 'src/events/intake.ts',
    text: "if (taken.kind === 'purged') this.#remember(key);",
    replacement: 'this.#remember(key);',
    caughtBy: [INTAKE],
  },
  {
    name: 'the same event is purged twice while it is under way',
    file: 'src/events/intake.ts',
    text: 'if (first !== undefined) return afterFirst(await first);',
    replacement: '',
    caughtBy: [INTAKE],
  },
  {
    name: 'the same event is done although the first of it failed',
    file: 'src/events/intake.ts',
    text: "return first.kind === 'purged' ? { kind: 'duplicate' } : first;",
    replacement: "return { kind: 'duplicate' };",
    caughtBy: [INTAKE],
  },
  {
    name: 'an event whose purge was only committed is done',
    file: 'src/events/intake.ts',
    text: "if (outcome.kind === 'confirmed') return",
    replacement: "if (outcome.kind === 'confirmed' || outcome.kind === 'committed') return",
    caughtBy: [INTAKE],
  },
  {
    name: 'the intake closes before the purges that it asked for have ended',
    file: 'src/events/intake.ts',
    text: 'await Promise.all(this.#underWay.values());',
    replacement: '',
    caughtBy: [INTAKE],
  },
  {
    name: 'events of one subject overtake each other',
    file: 'src/events/turns.ts',
    text: '      await before;\n',
    replacement: '',
    caughtBy: [INTAKE],
  },
  {
    name: 'of an event that one rule cannot take the others purge their part',
    file: 'src/events/rules.ts',
    text: "if (faults.length > 0) return { kind: 'rejected', faults };",
    replacement: '',
    caughtBy: [RULES],
  },
  {
    name: 'what is no tag is purged all the same',
    file: 'src/events/rules.ts',
    text: 'if (wrong !== undefined) faults.push(noTag(rule, template, wrong));',
    replacement: '',
    caughtBy: [RULES],
  },
  {
    name: 'of two versions of one tag the lower counts',
    file: 'src/events/rules.ts',
    text: 'versions.set(tag, Math.max(version, versions.get(tag) ?? 0));',
    replacement: 'versions.set(tag, version);',
    caughtBy: [RULES],
  },
  {
    name: 'a field that is null makes a tag',
    file: 'src/events/template.ts',
    text: 'if (found === undefined || found === null) return { why: ABSENT };',
    replacement: 'if (found === undefined || found === null) return { text: String(found) };',
    caughtBy: [TEMPLATES],
  },
  {
    name: 'a field of the prototype makes a tag',
    file: 'src/events/template.ts',
    text: 'return Object.hasOwn(found, step) ? collect(found[step], others, values, depth) : ABSENT;',
    replacement: 'return step in found ? collect(found[step], others, values, depth) : ABSENT;',
    caughtBy: [TEMPLATES],
  },
  {
    name: 'lists in lists may nest without end',
    file: 'src/events/template.ts',
    text: 'if (depth >= MOST_DEEP) return',
    replacement: 'if (depth < 0) return',
    caughtBy: [TEMPLATES],
  },
  {
    name: 'a number that JSON has rounded makes a tag',
    file: 'src/events/template.ts',
    text: 'Number.isSafeInteger(found)',
    replacement: 'Number.isInteger(found)',
    caughtBy: [TEMPLATES],
  },
  {
    name: 'an event that states no time has one',
    file: 'src/events/event.ts',
    text: 'eventOf(new CloudEvent(json), ',
    replacement: "eventOf(new CloudEvent(json), new CloudEvent(json)['time'] ?? ",
    caughtBy: [EVENTS],
  },
  {
    name: 'an event without an id gets one',
    file: 'src/events/event.ts',
    text: 'if (fault !== undefined) return malformed(fault);',
    replacement: '',
    caughtBy: [EVENTS],
  },
  {
    name: 'a signature of the future counts',
    file: 'src/events/signature.ts',
    text: 'Math.abs(now - Number(stamp) * 1_000)',
    replacement: '(now - Number(stamp) * 1_000)',
    caughtBy: [SIGNATURES],
  },
  {
    name: 'a signature does not cover the time',
    file: 'src/events/signature.ts',
    text: '`${id}.${stamp}.${body}`',
    replacement: '`${id}.${body}`',
    caughtBy: [SIGNATURES],
  },
  {
    name: 'events are taken although their signature is not good',
    file: 'src/events/endpoint.ts',
    text: 'if (fault !== undefined) return problem(',
    replacement: 'if (fault === "") return problem(',
    caughtBy: [ENDPOINT],
  },
  {
    name: 'a sender is told that all is done although a purge is not confirmed',
    file: 'src/events/endpoint.ts',
    text: "results.filter(({ result }) => result === 'failed')",
    replacement: "results.filter(({ result }) => result === 'closing' as string)",
    caughtBy: [ENDPOINT],
  },
];
