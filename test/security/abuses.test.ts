import { describe, it } from 'vitest';
import { ABUSES } from './abuse-rows.ts';
import { FEEDS, playRaw } from './raw-journey.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(ABUSES)('$row $name', (journey) => playRaw(journey, feed)));
