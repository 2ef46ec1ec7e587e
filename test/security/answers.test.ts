import { describe, it } from 'vitest';
import { ANSWERS } from './answer-rows.ts';
import { FEEDS, playRaw } from './raw-journey.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(ANSWERS)('$row $name', (journey) => playRaw(journey, feed)));
