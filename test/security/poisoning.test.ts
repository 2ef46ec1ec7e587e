import { describe, it } from 'vitest';
import { POISONINGS } from './poisoning-rows.ts';
import { FEEDS, playRaw } from './raw-journey.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(POISONINGS)('$row $name', (journey) => playRaw(journey, feed)));
