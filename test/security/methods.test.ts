import { describe, it } from 'vitest';
import { METHODS } from './method-rows.ts';
import { FEEDS, playRaw } from './raw-journey.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(METHODS)('$row $name', (journey) => playRaw(journey, feed)));
