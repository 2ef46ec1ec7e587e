import { describe, it } from 'vitest';
import { FEEDS, playRaw } from './raw-journey.ts';
import { TAGS } from './tag-rows.ts';

describe.each(FEEDS)('fed %s', (feed) => it.each(TAGS)('$row $name', (journey) => playRaw(journey, feed)));
