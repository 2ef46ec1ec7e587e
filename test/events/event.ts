// Events for tests: what a case is not about is supplied.
import type { Event } from '../../src/events/event.ts';
import type { EventRule } from '../../src/events/rules.ts';
import { loadConfig } from '../../src/config/load.ts';

export function event(given: Partial<Event> = {}): Event {
  return { id: 'e1', source: '/shop', type: 'order.updated', data: {}, ...given };
}

/** Rules as the configuration has them: `yaml` is what stands in `events.rules`, as a flow. */
export function rulesOf(yaml: string, more = ''): readonly EventRule[] {
  const text = `origins: { shop: { url: "http://127.0.0.1:5000" } }\nevents: { rules: ${yaml} }\n${more}`;
  return loadConfig({ text, env: {}, overrides: {} }).events.rules;
}
