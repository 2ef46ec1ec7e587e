import { describe, it } from 'vitest';
import { FEEDS, playRaw } from './raw-journey.ts';
import { STORINGS } from './storing-rows.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(STORINGS)('$row $name', (journey) => playRaw(journey, feed)));
