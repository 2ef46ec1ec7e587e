import { describe, it } from 'vitest';
import { DENIALS } from './denial-rows.ts';
import { FEEDS, playRaw } from './raw-journey.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(DENIALS)('$row $name', (journey) => playRaw(journey, feed)));
