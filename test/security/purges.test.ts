import { describe, it } from 'vitest';
import { PURGES } from './purge-rows.ts';
import { FEEDS, playRaw } from './raw-journey.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(PURGES)('$row $name', (journey) => playRaw(journey, feed)));
