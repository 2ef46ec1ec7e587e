import { describe, it } from 'vitest';
import { DECEPTIONS } from './deception-rows.ts';
import { FEEDS, playRaw } from './raw-journey.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(DECEPTIONS)('$row $name', (journey) => playRaw(journey, feed)));
